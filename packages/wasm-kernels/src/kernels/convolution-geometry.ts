import { CovpoolError } from '@covpool/base';
import { backend_util } from '@tensorflow/tfjs-core';
import type { Conv2DAttrs } from '@tensorflow/tfjs-core';

/** Sizes of a convolution, all in numbers. */
export interface Geometry {
  batch: number;
  height: number;
  width: number;
  channels: number;
  kernelHeight: number;
  kernelWidth: number;
  filters: number;
  outHeight: number;
  outWidth: number;
  strideH: number;
  strideW: number;
  dilationH: number;
  dilationW: number;
  top: number;
  left: number;
  outShape: [number, number, number, number];
}

type Attrs = Pick<Conv2DAttrs, 'strides' | 'pad' | 'dimRoundingMode'> &
  Partial<Pick<Conv2DAttrs, 'dataFormat' | 'dilations'>>;

/** Works out the sizes; `depthwise` reads the filter as [height, width, channels, multiplier]. */
export function geometry(who: string, x: number[], filter: number[], attrs: Attrs, depthwise = false): Geometry {
  if (attrs.dataFormat && attrs.dataFormat !== 'NHWC') {
    throw new CovpoolError('unsupported', `${who}: wasm requires NHWC, got ${attrs.dataFormat}; transpose the input`);
  }
  type Shape = [number, number, number, number];
  const { strides, dilations = 1, pad, dimRoundingMode } = attrs;
  // prettier-ignore
  const info = backend_util.computeConv2DInfo(x as Shape, filter as Shape, strides, dilations, pad, dimRoundingMode, depthwise);
  return {
    batch: info.batchSize,
    height: info.inHeight,
    width: info.inWidth,
    channels: info.inChannels,
    kernelHeight: info.filterHeight,
    kernelWidth: info.filterWidth,
    filters: info.outChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    strideH: info.strideHeight,
    strideW: info.strideWidth,
    dilationH: info.dilationHeight,
    dilationW: info.dilationWidth,
    top: info.padInfo.top,
    left: info.padInfo.left,
    outShape: info.outShape,
  };
}

/** Whether the convolution is a product of matrices: each position by itself. */
export function isPointwise(g: Geometry): boolean {
  return (
    g.kernelHeight * g.kernelWidth * g.strideH * g.strideW === 1 && g.outHeight === g.height && g.outWidth === g.width
  );
}
