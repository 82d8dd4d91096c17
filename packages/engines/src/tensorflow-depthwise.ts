import { type KernelFunc, type Tensor, type Tensor4D, type TensorInfo } from '@tensorflow/tfjs-core';
import { replaceKernel } from './replace-kernel.ts';
import {
  type ConvolutionAttributes,
  type Geometry,
  geometryOf,
  isDense,
  isOfStrideOne,
  isSame,
  operationAttributes,
  type Shape4D,
} from './tensorflow-convolution-geometry.ts';
import { executeOnednn, hasOnednn } from './tensorflow-onednn.ts';
import { integers, tensorflow } from './tensorflow-operation.ts';

type Inputs<Name extends string> = Record<Name, Tensor4D>;

/**
 * One of the three operations. Of stride 1, one filter a channel, oneDNN takes 0.4 to 0.7 of the time for the map and for its gradient
 * (maps of 56² to 7², 24 to 960 channels); for the gradient of the filters neither is always the quicker.
 */
function run(operation: string, geometry: Geometry, inputs: TensorInfo[]): Tensor {
  const single = geometry.outChannels === geometry.inChannels;
  const ofMap = operation !== 'DepthwiseConv2dNativeBackpropFilter';
  if (ofMap && single && isDense(geometry) && isOfStrideOne(geometry) && isSame(geometry) && hasOnednn()) {
    return executeOnednn(operation, operationAttributes(geometry, 'SAME'), inputs)[0]!;
  }
  return tensorflow().executeSingleOutput(operation, operationAttributes(geometry), inputs);
}

const forward: KernelFunc = ({ inputs, attrs }) => {
  const { x, filter } = inputs as Inputs<'x' | 'filter'>;
  const geometry = geometryOf(x.shape, filter.shape, attrs as unknown as ConvolutionAttributes, true);
  return run('DepthwiseConv2dNative', geometry, [x, filter]);
};

const inputGradient: KernelFunc = ({ inputs, attrs }) => {
  const { dy, filter } = inputs as Inputs<'dy' | 'filter'>;
  const { inputShape, ...attributes } = attrs as unknown as ConvolutionAttributes & { inputShape: Shape4D };
  const geometry = geometryOf(inputShape, filter.shape, attributes, true);
  return run('DepthwiseConv2dNativeBackpropInput', geometry, [integers(inputShape), filter, dy]);
};

const filterGradient: KernelFunc = ({ inputs, attrs }) => {
  const { x, dy } = inputs as Inputs<'x' | 'dy'>;
  const { filterShape, ...attributes } = attrs as unknown as ConvolutionAttributes & { filterShape: Shape4D };
  const geometry = geometryOf(x.shape, filterShape, attributes, true);
  return run('DepthwiseConv2dNativeBackpropFilter', geometry, [x, integers(filterShape), dy]);
};

/** Gives depthwise convolutions on TensorFlow's library and their gradients padding in numbers, and the quicker of two forms. */
export function registerDepthwiseConvolutions(): void {
  replaceKernel('DepthwiseConv2dNative', () => forward);
  replaceKernel('DepthwiseConv2dNativeBackpropInput', () => inputGradient);
  replaceKernel('DepthwiseConv2dNativeBackpropFilter', () => filterGradient);
}
