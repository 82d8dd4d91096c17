import { checkArgument } from '@covpool/base';
import { defineKernel } from '@covpool/core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import { alignOnDevice, alignOnDeviceGradient } from './roi-align-composed.ts';
import { alignOnHost, alignOnHostGradient } from './roi-align-host.ts';
import { roiTaps, type RoiTaps } from './roi-taps.ts';
import { countBoxes, type Boxes } from './boxes.ts';
import { conventionsOf, type ConventionsOption } from './conventions.ts';

/** Boxes of a batch of pictures, in pixels of the pictures. */
export interface Rois {
  boxes: Boxes;
  /** The picture in the batch that each box is of. */
  pictures: Int32Array;
}

export interface RoiAlignOptions extends ConventionsOption {
  /** Bins of the result, down and right. */
  size: readonly [height: number, width: number];
  /** Positions of the features per pixel: 1/stride. */
  scale: number;
  /** Samples per bin and axis, instead of the conventions'; 0: as many as a bin has positions, rounded up. */
  samplingRatio?: number;
}

interface Attributes {
  taps: RoiTaps;
}

const align = defineKernel<{ features: Tensor }, Attributes>({
  name: 'CovpoolRoiAlign',
  composed: ({ features }, { taps }) => [alignOnDevice(features as Tensor4D, taps)],
  host: ({ features }, { taps }) => [alignOnHost(features, taps)],
  gradient: {
    inputs: [],
    outputs: [false],
    compute: ([dy], _saved, { taps }) => ({ features: () => alignGradient({ dy: dy! }, { taps })[0]! }),
  },
});

const alignGradient = defineKernel<{ dy: Tensor }, Attributes>({
  name: 'CovpoolRoiAlignGradient',
  composed: ({ dy }, { taps }) => [alignOnDeviceGradient(dy as Tensor4D, taps)],
  host: ({ dy }, { taps }) => [alignOnHostGradient(dy, taps)],
});

/**
 * RoIAlign: each box is cut into bins, each bin is the mean of bilinear samples of the features.
 *
 * - mmdet2: a box starts at x1·scale − ½, is (x2 − x1)·scale wide, ⌈bin⌉ samples
 * - mmdet1: starts at x1·scale, is (x2 + 1 − x1)·scale wide, 2 samples
 * - torchvision: starts at x1·scale, is (x2 − x1)·scale wide but at least 1, 2 samples
 *
 * A sample more than one position outside the features is 0, a nearer one has the value at the edge. A box whose end is before its
 * start gives 0 where the number of samples follows it. The gradient is that by the features; boxes are constants.
 *
 * Cost: per box, bin and channel about (bin + 1)² multiply-adds, the bin in positions, and no more than (2·samples)²; on webgpu one
 * dispatch each way, on webgl one gather for each pair of samples on the way.
 *
 * ```ts
 * const pooled = roiAlign(p2, { boxes, pictures }, { size: [7, 7], scale: 1 / 4 }); // [R,7,7,C]
 * ```
 *
 * @param features [B,H,W,C]
 * @returns [R,h,w,C]
 * @throws bad-argument for a picture that the batch does not have
 *
 * Paper: He, Gkioxari, Dollár & Girshick, Mask R-CNN, ICCV 2017.
 */
export function roiAlign(features: Tensor4D, rois: Rois, options: RoiAlignOptions): Tensor4D {
  const { size, scale, samplingRatio } = options;
  checkArgument(features.rank === 4, () => `roiAlign: features must be [B,H,W,C], got [${features.shape}]`);
  checkArgument(
    size.every((bins) => Number.isInteger(bins) && bins > 0) && scale > 0 && (samplingRatio ?? 0) >= 0,
    () => `roiAlign: size must be whole numbers and scale positive, got [${size}] and ${scale}`,
  );
  const count = countBoxes('roiAlign', rois.boxes);
  checkArgument(
    rois.pictures.length === count && rois.pictures.every((b) => b >= 0 && b < features.shape[0]),
    () => `roiAlign: a picture in [0, ${features.shape[0]}) for each of ${count} boxes is required`,
  );
  const convention = conventionsOf(options.conventions);
  const rule = { ...convention.roiAlign, extent: convention.extent };
  if (samplingRatio !== undefined) rule.samplingRatio = samplingRatio;
  return align({ features }, { taps: roiTaps(features.shape, rois, size, scale, rule) })[0] as Tensor4D;
}
