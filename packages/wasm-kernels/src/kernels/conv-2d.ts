import { Conv2D, util } from '@tensorflow/tfjs-core';
import type { Conv2DAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmPrimitives } from '../primitives.ts';
import { geometry, isPointwise } from './convolution-geometry.ts';
import { convolve, convolveScratch } from './convolve.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

/** Convolution of [batch, height, width, channels] with [height, width, channels, filters]; any stride, padding, dilation. */
export const conv2dKernel = wasmKernel(Conv2D, conv2d);

function conv2d(primitives: WasmPrimitives, { x, filter }: Inputs<'x' | 'filter'>, attrs: Conv2DAttrs): TensorInfo {
  const g = geometry('conv2d', x.shape, filter.shape, attrs);
  const y = primitives.output(g.outShape);
  if (util.sizeFromShape(g.outShape) === 0) return y;
  const from = primitives.address(x);
  const by = primitives.address(filter);
  const to = primitives.address(y);
  if (isPointwise(g)) {
    primitives.gemm(from, by, to, g.batch * g.height * g.width, g.filters, g.channels);
    return y;
  }
  const yRowStep = g.outWidth * g.filters;
  const steps = { yBatchStep: g.outHeight * yRowStep, yRowStep, yColumnStep: g.filters };
  convolve(primitives, from, by, to, { ...g, ...steps }, primitives.scratch(convolveScratch(primitives, g)));
  return y;
}
