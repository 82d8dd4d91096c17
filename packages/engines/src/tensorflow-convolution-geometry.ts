import { backend_util } from '@tensorflow/tfjs-core';
import { type Attribute, floatType, integerList, tensorflow } from './tensorflow-operation.ts';

type Sides = [before: number, after: number];
export type Padding = [Sides, Sides, Sides, Sides];
export type Shape4D = [number, number, number, number];
export type Geometry = ReturnType<typeof backend_util.computeConv2DInfo>;

/** What TensorFlow.js says of a convolution beside its inputs. */
export interface ConvolutionAttributes {
  strides: number | [number, number];
  pad: 'valid' | 'same' | number | Padding;
  dataFormat?: 'NHWC' | 'NCHW';
  dilations?: number | [number, number];
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

export function geometryOf(
  x: Shape4D,
  filter: Shape4D,
  attributes: ConvolutionAttributes,
  depthwise: boolean,
): Geometry {
  const { strides, pad, dataFormat = 'NHWC', dilations = 1, dimRoundingMode } = attributes;
  const format = backend_util.convertConv2DDataFormat(dataFormat);
  return backend_util.computeConv2DInfo(x, filter, strides, dilations, pad, dimRoundingMode, depthwise, format);
}

/** TensorFlow's attributes of a convolution: padding in numbers wherever there is some, unless another word for it is given. */
export function operationAttributes(geometry: Geometry, padding?: 'SAME' | 'VALID'): Attribute[] {
  const { binding } = tensorflow();
  const { top, bottom, left, right } = geometry.padInfo;
  const last = isChannelsLast(geometry);
  const perSide = (height: number[], width: number[], one: number[]): number[] =>
    last ? [...one, ...height, ...width, ...one] : [...one, ...one, ...height, ...width];
  const word = padding ?? (isPadded(geometry) ? 'EXPLICIT' : 'VALID');
  return [
    floatType(),
    { name: 'data_format', type: binding.TF_ATTR_STRING, value: last ? 'NHWC' : 'NCHW' },
    integerList('strides', perSide([geometry.strideHeight], [geometry.strideWidth], [1])),
    integerList('dilations', perSide([geometry.dilationHeight], [geometry.dilationWidth], [1])),
    { name: 'padding', type: binding.TF_ATTR_STRING, value: word },
    ...(word === 'EXPLICIT' ? [integerList('explicit_paddings', perSide([top, bottom], [left, right], [0, 0]))] : []),
  ];
}

export function isPadded({ padInfo: { top, bottom, left, right } }: Geometry): boolean {
  return [top, bottom, left, right].some((side) => side !== 0);
}

const isChannelsLast = ({ dataFormat }: Geometry): boolean => dataFormat === 'channelsLast';

/** Whether taps lie side by side, and channels last. */
export const isDense = (geometry: Geometry): boolean =>
  isChannelsLast(geometry) && geometry.dilationHeight === 1 && geometry.dilationWidth === 1;

export const isOfStrideOne = ({ strideHeight, strideWidth }: Geometry): boolean =>
  strideHeight === 1 && strideWidth === 1;

/** Whether it is a product of matrices: of all pixels' channels with the filter. */
export const isProduct = (geometry: Geometry): boolean =>
  geometry.filterHeight === 1 &&
  geometry.filterWidth === 1 &&
  isOfStrideOne(geometry) &&
  isChannelsLast(geometry) &&
  !isPadded(geometry);

/** Whether a dense one of stride 1 leaves the map as large as it is, with the padding that TensorFlow calls `SAME`. */
export function isSame({ filterHeight, filterWidth, padInfo: { top, bottom, left, right } }: Geometry): boolean {
  const even = (extent: number, before: number, after: number): boolean =>
    before === Math.floor((extent - 1) / 2) && before + after === extent - 1;
  return even(filterHeight, top, bottom) && even(filterWidth, left, right);
}
