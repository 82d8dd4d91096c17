import { DepthwiseConv2dNativeBackpropFilter, DepthwiseConv2dNativeBackpropInput, util } from '@tensorflow/tfjs-core';
import type {
  DepthwiseConv2dNativeBackpropFilterAttrs,
  DepthwiseConv2dNativeBackpropInputAttrs,
  TensorInfo,
} from '@tensorflow/tfjs-core';
import type { WasmPrimitives } from '../primitives.ts';
import { geometry } from './convolution-geometry.ts';
import type { Geometry } from './convolution-geometry.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

/** The gradient of a depthwise convolution with respect to its input. */
export const depthwiseBackpropInputKernel = wasmKernel(DepthwiseConv2dNativeBackpropInput, backpropInput);

/** The gradient of a depthwise convolution with respect to its filter [height, width, channels, multiplier]. */
export const depthwiseBackpropFilterKernel = wasmKernel(DepthwiseConv2dNativeBackpropFilter, backpropFilter);

function backpropInput(
  primitives: WasmPrimitives,
  { dy, filter }: Inputs<'dy' | 'filter'>,
  attrs: DepthwiseConv2dNativeBackpropInputAttrs,
): TensorInfo {
  const g = geometry('depthwiseConv2dBackpropInput', attrs.inputShape, filter.shape, attrs, true);
  return gradient(primitives, g, dy, filter, attrs.inputShape, true);
}

function backpropFilter(
  primitives: WasmPrimitives,
  { x, dy }: Inputs<'x' | 'dy'>,
  attrs: DepthwiseConv2dNativeBackpropFilterAttrs,
): TensorInfo {
  const g = geometry('depthwiseConv2dBackpropFilter', x.shape, attrs.filterShape, attrs, true);
  return gradient(primitives, g, dy, x, attrs.filterShape, false);
}

// prettier-ignore
function gradient(primitives: WasmPrimitives, g: Geometry, dy: TensorInfo, other: TensorInfo, shape: number[], ofInput: boolean): TensorInfo {
  const out = primitives.output(shape);
  if (util.sizeFromShape(shape) === 0) return out;
  const at = primitives.address;
  primitives.routines.depthwiseGradient(at(dy), at(other), at(out), Number(ofInput), g.batch, g.height, g.width, g.channels,
    g.kernelHeight, g.kernelWidth, g.filters, g.outHeight, g.outWidth, g.strideH, g.strideW, g.dilationH, g.dilationW, g.top, g.left);
  return out;
}
