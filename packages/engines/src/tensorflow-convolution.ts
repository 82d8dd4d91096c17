import {
  backend_util,
  type KernelFunc,
  reshape,
  reverse,
  type Tensor,
  tensor1d,
  type Tensor4D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { replaceKernel } from './replace-kernel.ts';
import { type Attribute, floatType, tensorflow } from './tensorflow-operation.ts';
import { product } from './tensorflow-product.ts';

type Sides = [before: number, after: number];
type Padding = [Sides, Sides, Sides, Sides];

interface ConvolutionAttributes {
  strides: number | [number, number];
  pad: 'valid' | 'same' | number | Padding;
  dataFormat?: 'NHWC' | 'NCHW';
  dilations?: number | [number, number];
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

type Geometry = ReturnType<typeof backend_util.computeConv2DInfo>;
type Shape4D = [number, number, number, number];
type Inputs<Name extends string> = Record<Name, Tensor4D>;

function geometryOf(x: Shape4D, filter: Shape4D, attributes: ConvolutionAttributes, depthwise: boolean): Geometry {
  const { strides, pad, dataFormat = 'NHWC', dilations = 1, dimRoundingMode } = attributes;
  const format = backend_util.convertConv2DDataFormat(dataFormat);
  return backend_util.computeConv2DInfo(x, filter, strides, dilations, pad, dimRoundingMode, depthwise, format);
}

/** TensorFlow's attributes of a convolution: padding in numbers wherever there is some. */
function operationAttributes(geometry: Geometry): Attribute[] {
  const { binding } = tensorflow();
  const { top, bottom, left, right } = geometry.padInfo;
  const last = geometry.dataFormat === 'channelsLast';
  const perSide = (height: number[], width: number[], one: number[]): number[] =>
    last ? [...one, ...height, ...width, ...one] : [...one, ...one, ...height, ...width];
  const integers = (name: string, value: number[]): Attribute => ({ name, type: binding.TF_ATTR_INT, value });
  return [
    floatType(),
    { name: 'data_format', type: binding.TF_ATTR_STRING, value: last ? 'NHWC' : 'NCHW' },
    integers('strides', perSide([geometry.strideHeight], [geometry.strideWidth], [1])),
    integers('dilations', perSide([geometry.dilationHeight], [geometry.dilationWidth], [1])),
    ...(top || bottom || left || right
      ? [
          { name: 'padding', type: binding.TF_ATTR_STRING, value: 'EXPLICIT' },
          integers('explicit_paddings', perSide([top, bottom], [left, right], [0, 0])),
        ]
      : [{ name: 'padding', type: binding.TF_ATTR_STRING, value: 'VALID' }]),
  ];
}

const run = (name: string, geometry: Geometry, inputs: Tensor[]): Tensor =>
  tensorflow().executeSingleOutput(name, operationAttributes(geometry), inputs);

/** Whether it is a product of matrices: of all pixels' channels with the filter. */
function isProduct(geometry: Geometry): boolean {
  const { filterHeight, filterWidth, strideHeight, strideWidth, padInfo, dataFormat } = geometry;
  const one = [filterHeight, filterWidth, strideHeight, strideWidth].every((extent) => extent === 1);
  const { top, bottom, left, right } = padInfo;
  return one && dataFormat === 'channelsLast' && !(top || bottom || left || right);
}

const asMatrix = (x: Tensor4D): Tensor => reshape(x, [-1, x.shape[3]]);

/**
 * The gradient of a convolution of stride 1 by its input is itself one, of the gradient with the filter turned by half and
 * transposed. On the processor the operation meant for it takes one to five times as long (maps of 56² to 4², 64 to 512 channels).
 */
function inputGradientAsForward(dy: Tensor4D, filter: Tensor4D, geometry: Geometry): Tensor {
  const [kh, kw] = filter.shape;
  const { top, bottom, left, right } = geometry.padInfo;
  const turned = reverse(filter, [0, 1]);
  const pad: Padding = [
    [0, 0],
    [kh - 1 - top, kh - 1 - bottom],
    [kw - 1 - left, kw - 1 - right],
    [0, 0],
  ];
  const swapped = transpose(turned, [0, 1, 3, 2]) as Tensor4D;
  return run('Conv2D', geometryOf(dy.shape, swapped.shape, { strides: 1, pad }, false), [dy, swapped]);
}

/** Whether that form covers every pixel of the input, without padding less than zero. */
function mayBeForward(geometry: Geometry, [kh, kw]: Shape4D): boolean {
  const { strideHeight, strideWidth, dilationHeight, dilationWidth, padInfo, dataFormat } = geometry;
  const one = [strideHeight, strideWidth, dilationHeight, dilationWidth].every((extent) => extent === 1);
  return (
    one &&
    dataFormat === 'channelsLast' &&
    Math.max(padInfo.top, padInfo.bottom) < kh &&
    Math.max(padInfo.left, padInfo.right) < kw
  );
}

function forward(operation: string, depthwise: boolean): KernelFunc {
  return ({ inputs, attrs }) => {
    const { x, filter } = inputs as Inputs<'x' | 'filter'>;
    const geometry = geometryOf(x.shape, filter.shape, attrs as unknown as ConvolutionAttributes, depthwise);
    return run(operation, geometry, [x, filter]);
  };
}

function inputGradient(operation: string, depthwise: boolean, onGpu: boolean): KernelFunc {
  return ({ inputs, attrs }) =>
    tidy(() => {
      const { dy, filter } = inputs as Inputs<'dy' | 'filter'>;
      const attributes = attrs as unknown as ConvolutionAttributes & { inputShape: Shape4D };
      const geometry = geometryOf(attributes.inputShape, filter.shape, attributes, depthwise);
      if (!onGpu && !depthwise && isProduct(geometry)) {
        return reshape(product(asMatrix(dy), asMatrix(filter), [false, true]), attributes.inputShape);
      }
      if (!onGpu && !depthwise && mayBeForward(geometry, filter.shape)) {
        return inputGradientAsForward(dy, filter, geometry);
      }
      return run(operation, geometry, [tensor1d(attributes.inputShape, 'int32'), filter, dy]);
    });
}

function filterGradient(operation: string, depthwise: boolean, onGpu: boolean): KernelFunc {
  return ({ inputs, attrs }) =>
    tidy(() => {
      const { x, dy } = inputs as Inputs<'x' | 'dy'>;
      const attributes = attrs as unknown as ConvolutionAttributes & { filterShape: Shape4D };
      const geometry = geometryOf(x.shape, attributes.filterShape, attributes, depthwise);
      if (!onGpu && !depthwise && isProduct(geometry)) {
        return reshape(product(asMatrix(x), asMatrix(dy), [true, false]), attributes.filterShape);
      }
      return run(operation, geometry, [x, tensor1d(attributes.filterShape, 'int32'), dy]);
    });
}

/**
 * Gives convolutions on TensorFlow's library, plain and depthwise, and their gradients padding in numbers: the released backend
 * has `valid` and `same` only, and pads the picture itself for the rest at the cost of a copy and of larger maps in all three.
 */
export function registerConvolutions(onGpu: boolean): void {
  const forms: Record<string, KernelFunc> = {
    Conv2D: forward('Conv2D', false),
    Conv2DBackpropInput: inputGradient('Conv2DBackpropInput', false, onGpu),
    Conv2DBackpropFilter: filterGradient('Conv2DBackpropFilter', false, onGpu),
    DepthwiseConv2dNative: forward('DepthwiseConv2dNative', true),
    DepthwiseConv2dNativeBackpropInput: inputGradient('DepthwiseConv2dNativeBackpropInput', true, onGpu),
    DepthwiseConv2dNativeBackpropFilter: filterGradient('DepthwiseConv2dNativeBackpropFilter', true, onGpu),
  };
  for (const [kernelName, kernelFunc] of Object.entries(forms)) {
    replaceKernel(kernelName, () => kernelFunc);
  }
}
