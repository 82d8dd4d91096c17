import { Conv2DBackpropFilter, util } from '@tensorflow/tfjs-core';
import type { Conv2DBackpropFilterAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmPrimitives } from '../primitives.ts';
import { geometry, isPointwise } from './convolution-geometry.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

type Attrs = Conv2DBackpropFilterAttrs & { dilations?: number | [number, number] };

/** The gradient of a convolution with respect to its filter; beyond the other backends' kernel it takes `dilations`. */
export const conv2dBackpropFilterKernel = wasmKernel(Conv2DBackpropFilter, backpropFilter);

function backpropFilter(primitives: WasmPrimitives, { x, dy }: Inputs<'x' | 'dy'>, attrs: Attrs): TensorInfo {
  const given = geometry('conv2dBackpropFilter', x.shape, attrs.filterShape, attrs);
  const out = primitives.output(attrs.filterShape);
  if (util.sizeFromShape(attrs.filterShape) === 0) return out;
  // One tap at stride 1 does not care where a picture ends: all rows of all pictures form one.
  const merged = { batch: 1, height: given.batch * given.height, outHeight: given.batch * given.height };
  const empty = util.sizeFromShape(given.outShape) === 0 ? { batch: 0, outHeight: 1, outWidth: 1 } : {};
  const g = { ...given, ...(isPointwise(given) ? merged : {}), ...empty };
  const kernel = [g.kernelHeight, g.kernelWidth] as const;
  const steps = [g.outHeight, g.outWidth, g.strideH, g.strideW, g.dilationH, g.dilationW] as const;
  const scratch = primitives.scratch(primitives.routines.filterGradientScratch(g.channels, ...kernel, ...steps) >>> 0);
  // prettier-ignore
  primitives.routines.filterGradient(primitives.address(x), primitives.address(dy), primitives.address(out), g.batch, g.height, g.width,
    g.channels, ...kernel, g.filters, ...steps, g.top, g.left, scratch);
  return out;
}
