import { AvgPoolGrad, backend_util, MaxPoolGrad, util } from '@tensorflow/tfjs-core';
import type { AvgPoolGradAttrs, MaxPoolGradAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmPrimitives } from '../primitives.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

/** The gradient of max pooling: each window's dy goes to its first largest number. */
export const maxPoolGradKernel = wasmKernel(MaxPoolGrad, maxPoolGrad);

/**
 * The gradient of average pooling. Where a window hangs over the edge, its dy is shared by the numbers it covers, as the
 * forward kernel averages them; the other backends divide by the whole window there.
 */
export const avgPoolGradKernel = wasmKernel(AvgPoolGrad, avgPoolGrad);

function maxPoolGrad(
  primitives: WasmPrimitives,
  { dy, input }: Inputs<'dy' | 'input'>,
  attrs: MaxPoolGradAttrs,
): TensorInfo {
  const dx = primitives.output(input.shape);
  const at = primitives.address;
  if (util.sizeFromShape(input.shape) === 0) return dx;
  primitives.routines.maxPoolGradient(at(dy), at(input), at(dx), ...poolSizes(input, attrs));
  return dx;
}

function avgPoolGrad(
  primitives: WasmPrimitives,
  { dy, input }: Inputs<'dy' | 'input'>,
  attrs: AvgPoolGradAttrs,
): TensorInfo {
  const dx = primitives.output(input.shape);
  const at = primitives.address;
  if (util.sizeFromShape(input.shape) === 0) return dx;
  primitives.routines.avgPoolGradient(at(dy), at(dx), ...poolSizes(input, attrs));
  return dx;
}

function poolSizes({ shape }: TensorInfo, attrs: MaxPoolGradAttrs | AvgPoolGradAttrs) {
  const { filterSize, strides, pad } = attrs;
  // prettier-ignore
  const info = backend_util.computePool2DInfo(shape as [number, number, number, number], filterSize, strides, 1, pad,
    'dimRoundingMode' in attrs ? attrs.dimRoundingMode : undefined);
  // prettier-ignore
  return [info.batchSize, info.inHeight, info.inWidth, info.inChannels, info.filterHeight, info.filterWidth,
    info.outHeight, info.outWidth, info.strideHeight, info.strideWidth, info.padInfo.top, info.padInfo.left] as const;
}
