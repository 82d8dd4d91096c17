import {
  type KernelFunc,
  pad as padWith,
  reshape,
  reverse,
  slice,
  type Tensor,
  type Tensor4D,
  type TensorInfo,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { replaceKernel } from './replace-kernel.ts';
import {
  type ConvolutionAttributes,
  type Geometry,
  geometryOf,
  isDense,
  isOfStrideOne,
  isProduct,
  isSame,
  operationAttributes,
  type Padding,
  type Shape4D,
} from './tensorflow-convolution-geometry.ts';
import { executeOnednn, hasOnednn } from './tensorflow-onednn.ts';
import { floatType, integerList, integers, tensorflow } from './tensorflow-operation.ts';
import { isQuickerOnOnednn, product } from './tensorflow-product.ts';

type Inputs<Name extends string> = Record<Name, Tensor4D>;

const run = (name: string, geometry: Geometry, inputs: TensorInfo[]): Tensor =>
  tensorflow().executeSingleOutput(name, operationAttributes(geometry), inputs);

const runOnednn = (name: string, geometry: Geometry, padding: 'SAME' | 'VALID', inputs: TensorInfo[]): Tensor =>
  executeOnednn(name, operationAttributes(geometry, padding), inputs)[0]!;

const asMatrix = (x: Tensor4D): Tensor => reshape(x, [-1, x.shape[3]]);

/** Zeros around the picture: oneDNN's forms know padding by TensorFlow's words only. */
function surround(x: Tensor4D, { padInfo: { top, bottom, left, right } }: Geometry): Tensor {
  const sides: Padding = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  return padWith(x, sides);
}

/** Pictures, not maps of features: oneDNN takes half to four fifths of the time, the zeros around them included. */
const ofPictures = (geometry: Geometry): boolean => geometry.inChannels <= 4 && isDense(geometry) && hasOnednn();

function forward(operation: string): KernelFunc {
  return ({ inputs, attrs }) =>
    tidy(() => {
      const { x, filter } = inputs as Inputs<'x' | 'filter'>;
      const geometry = geometryOf(x.shape, filter.shape, attrs as unknown as ConvolutionAttributes, false);
      const [, , channels, filters] = filter.shape;
      const rows = geometry.batchSize * geometry.outHeight * geometry.outWidth;
      if (isProduct(geometry) && isQuickerOnOnednn([rows, channels, filters], [false, false])) {
        return reshape(product(asMatrix(x), asMatrix(filter), [false, false]), geometry.outShape);
      }
      if (ofPictures(geometry)) return runOnednn(operation, geometry, 'VALID', [surround(x, geometry), filter]);
      return run(operation, geometry, [x, filter]);
    });
}

/**
 * The gradient of a convolution of stride 1 by its input is itself one, of the gradient with the filter turned by half and
 * transposed. TensorFlow's own operation for it takes one to five times as long (maps of 56² to 4², 64 to 512 channels).
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
  const { padInfo } = geometry;
  return (
    isOfStrideOne(geometry) &&
    isDense(geometry) &&
    Math.max(padInfo.top, padInfo.bottom) < kh &&
    Math.max(padInfo.left, padInfo.right) < kw
  );
}

/** oneDNN spares the turned filter; on large maps of many channels the forward form gains more than that costs. */
const isBetterUnturned = (geometry: Geometry): boolean =>
  geometry.outChannels < 256 || geometry.batchSize * geometry.outHeight * geometry.outWidth <= 4096;

/** Of strides above 1, filters of so many numbers gain from oneDNN up to half the time, its wider map cut to size included. */
const LARGE_FILTER = 2 ** 17;

function stridedGradientOnOnednn(operation: string, dy: Tensor4D, filter: Tensor4D, geometry: Geometry): Tensor {
  const { top, bottom, left, right } = geometry.padInfo;
  const [batch, height, width, channels] = geometry.inShape;
  const whole = integers([batch, height + top + bottom, width + left + right, channels]);
  const wide = runOnednn(operation, geometry, 'VALID', [whole, filter, dy]);
  return slice(wide, [0, top, left, 0], geometry.inShape);
}

function inputGradient(operation: string, onGpu: boolean): KernelFunc {
  return ({ inputs, attrs }) =>
    tidy(() => {
      const { dy, filter } = inputs as Inputs<'dy' | 'filter'>;
      const attributes = attrs as unknown as ConvolutionAttributes & { inputShape: Shape4D };
      const geometry = geometryOf(attributes.inputShape, filter.shape, attributes, false);
      const inputShape = integers(attributes.inputShape);
      if (onGpu) return run(operation, geometry, [inputShape, filter, dy]);
      if (isProduct(geometry)) {
        return reshape(product(asMatrix(dy), asMatrix(filter), [false, true]), attributes.inputShape);
      }
      const onednn = isDense(geometry) && hasOnednn();
      if (onednn && isOfStrideOne(geometry) && isSame(geometry) && isBetterUnturned(geometry)) {
        return runOnednn(operation, geometry, 'SAME', [inputShape, filter, dy]);
      }
      if (mayBeForward(geometry, filter.shape)) return inputGradientAsForward(dy, filter, geometry);
      if (onednn && !isOfStrideOne(geometry) && filter.size >= LARGE_FILTER) {
        return stridedGradientOnOnednn(operation, dy, filter, geometry);
      }
      return run(operation, geometry, [inputShape, filter, dy]);
    });
}

/**
 * Whether the gradient of a filter is better one product of all patches with dy: where there are many channels on small maps, the product
 * by oneDNN gains a tenth to a third of the time, the writing of the patches included.
 */
const isBetterOfPatches = (geometry: Geometry): boolean =>
  isDense(geometry) &&
  isOfStrideOne(geometry) &&
  isSame(geometry) &&
  Math.min(geometry.inChannels, geometry.outChannels) >= 512 &&
  geometry.batchSize * geometry.outHeight * geometry.outWidth <= 4096 &&
  hasOnednn();

/** The channels that each output of the map sees, tap by tap. */
function patchesOf(x: Tensor4D, { filterHeight, filterWidth }: Geometry): Tensor4D {
  const { binding } = tensorflow();
  const attributes = [
    floatType(),
    integerList('ksizes', [1, filterHeight, filterWidth, 1]),
    integerList('strides', [1, 1, 1, 1]),
    integerList('rates', [1, 1, 1, 1]),
    { name: 'padding', type: binding.TF_ATTR_STRING, value: 'SAME' },
  ];
  return tensorflow().executeSingleOutput('ExtractImagePatches', attributes, [x]) as Tensor4D;
}

function filterGradient(operation: string, onGpu: boolean): KernelFunc {
  return ({ inputs, attrs }) =>
    tidy(() => {
      const { x, dy } = inputs as Inputs<'x' | 'dy'>;
      const attributes = attrs as unknown as ConvolutionAttributes & { filterShape: Shape4D };
      const geometry = geometryOf(x.shape, attributes.filterShape, attributes, false);
      const filterShape = integers(attributes.filterShape);
      if (!onGpu && isProduct(geometry)) {
        return reshape(product(asMatrix(x), asMatrix(dy), [true, false]), attributes.filterShape);
      }
      if (ofPictures(geometry)) {
        return runOnednn(operation, geometry, 'VALID', [surround(x, geometry), filterShape, dy]);
      }
      if (isBetterOfPatches(geometry)) {
        return reshape(product(asMatrix(patchesOf(x, geometry)), asMatrix(dy), [true, false]), attributes.filterShape);
      }
      return run(operation, geometry, [x, filterShape, dy]);
    });
}

/**
 * Gives convolutions on TensorFlow's library and their gradients padding in numbers, which the released backend has as a copy of the
 * picture only, and of the forms that an operation has the quickest on a processor.
 */
export function registerConvolutions(onGpu: boolean): void {
  const forms: Record<string, KernelFunc> = {
    Conv2D: forward('Conv2D'),
    Conv2DBackpropInput: inputGradient('Conv2DBackpropInput', onGpu),
    Conv2DBackpropFilter: filterGradient('Conv2DBackpropFilter', onGpu),
  };
  for (const [kernelName, kernelFunc] of Object.entries(forms)) {
    replaceKernel(kernelName, () => kernelFunc);
  }
}
