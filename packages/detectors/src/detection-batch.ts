import { checkArgument } from '@covpool/base';
import type { Tensor4D } from '@tensorflow/tfjs-core';
import type { Boxes } from './boxes.ts';

/** How a picture lies in the tensor of its batch, and how large it was. */
export interface PictureGeometry {
  /** Of the picture as resized, without padding, in pixels. */
  height: number;
  width: number;
  /** In the file. */
  originalHeight: number;
  originalWidth: number;
  /** By how much it was resized, across and down; absent: the ratios of the widths and of the heights. */
  scale?: readonly [x: number, y: number];
}

/** What there is in a picture, in the pixels of the batch. Crowds are left out: mmdetection and torchvision learn nothing from them. */
export interface DetectionTarget {
  /** [4·n] */
  boxes: Boxes;
  /** n numbers from 0 to classes − 1. */
  labels: Int32Array;
  /** n masks of the picture without padding, a byte per pixel, 0 or 1, row by row. */
  masks?: readonly Uint8Array[];
}

/** Pictures of one tensor. */
export interface DetectionBatch {
  /** [B,H,W,3], normalised, each picture at the upper left with zeros to its right and below it. */
  images: Tensor4D;
  /** One for each. */
  pictures: readonly PictureGeometry[];
  /** One for each, to train. */
  targets?: readonly DetectionTarget[];
}

/** @throws bad-argument for a batch that does not fit together */
export function checkBatch(who: string, { images, pictures }: DetectionBatch): void {
  checkArgument(
    images.rank === 4 && images.shape[0] === pictures.length && pictures.length > 0,
    () => `${who}: images must be [B,H,W,3] with a picture for each, got [${images.shape}] and ${pictures.length}`,
  );
  const [, rows, columns] = images.shape;
  for (const [i, { height, width }] of pictures.entries()) {
    checkArgument(
      height > 0 && width > 0 && height <= rows && width <= columns,
      () => `${who}: picture ${i} of ${height}×${width} must fit into [${rows},${columns}]`,
    );
  }
}

/** @throws bad-argument for targets that no network could learn */
export function checkTarget(
  who: string,
  picture: number,
  { boxes, labels, masks }: DetectionTarget,
  { classes, size, needsMasks }: { classes: number; size: readonly [number, number]; needsMasks: boolean },
): void {
  checkArgument(
    boxes.length === 4 * labels.length,
    () => `${who}: picture ${picture} must have a label per box, got ${boxes.length / 4} boxes and ${labels.length}`,
  );
  const bad = labels.findIndex((label) => !(label >= 0 && label < classes));
  checkArgument(
    bad < 0,
    () => `${who}: labels must be from 0 to ${classes - 1}, got ${labels[bad]} for box ${bad} of picture ${picture}`,
  );
  for (let n = 0; n < labels.length; n++) {
    const [x1, y1, x2, y2] = boxes.subarray(4 * n, 4 * n + 4) as unknown as [number, number, number, number];
    checkArgument(
      x2 > x1 && y2 > y1 && Number.isFinite(x1 + y1 + x2 + y2),
      () => `${who}: boxes must have an area, got [${x1},${y1},${x2},${y2}] for box ${n} of picture ${picture}`,
    );
  }
  if (!needsMasks) return;
  checkArgument(
    masks !== undefined && masks.length === labels.length && masks.every((m) => m.length === size[0] * size[1]),
    () => `${who}: picture ${picture} must have a mask of ${size[0]}×${size[1]} per box`,
  );
}
