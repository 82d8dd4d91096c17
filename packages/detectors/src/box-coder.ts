import { checkArgument } from '@covpool/base';
import { countBoxes, type Boxes, type PictureSize } from './boxes.ts';
import { conventionsOf, type ConventionsOption } from './conventions.ts';

/** Standard deviations that deltas are divided by: those of the second stage. The first stage has 1, 1, 1, 1. */
export const SECOND_STAGE_DEVIATIONS = [0.1, 0.1, 0.2, 0.2] as const;

export interface BoxCoderOptions extends ConventionsOption {
  /** Standard deviations of dx, dy, dw and dh. @default [1, 1, 1, 1] */
  deviations?: readonly [number, number, number, number];
}

/** ln(1000/16): decoding makes a box at most 62.5 times as wide and high. */
const LARGEST_LOG_SCALE = Math.log(1000 / 16);

/**
 * What a network is to predict for a box to become its ground truth: `dx = (gx − px)/pw`, `dy`, `dw = ln(gw/pw)`, `dh`, with
 * centres (px, py) and sizes (pw, ph), each divided by its deviation. A box or truth without width or height gives
 * numbers that are not finite. Cost: linear.
 *
 * ```ts
 * encodeBoxes(Float32Array.of(10, 20, 50, 100), Float32Array.of(14, 30, 70, 90)); // 0.3, 0, 0.336472, -0.287682
 * ```
 *
 * @param boxes [4·N]
 * @param truths [4·N], one per box
 * @returns [4·N]
 * @throws bad-argument for lengths that do not fit
 */
export function encodeBoxes(
  boxes: Boxes,
  truths: Boxes,
  { conventions, deviations = [1, 1, 1, 1] }: BoxCoderOptions = {},
): Float32Array {
  const count = countBoxes('encodeBoxes', boxes);
  checkArgument(
    truths.length === boxes.length,
    () => `encodeBoxes: one truth per box is required (${count}), got ${truths.length / 4}`,
  );
  const { extent } = conventionsOf(conventions);
  const deltas = new Float32Array(boxes.length);
  for (let at = 0; at < boxes.length; at += 4) {
    for (let axis = 0; axis < 2; axis++) {
      const [low, high] = [at + axis, at + axis + 2];
      const size = boxes[high]! - boxes[low]! + extent;
      const truthSize = truths[high]! - truths[low]! + extent;
      const shift = (truths[low]! + truths[high]! - boxes[low]! - boxes[high]!) / 2;
      deltas[low] = shift / size / deviations[axis]!;
      deltas[high] = Math.log(truthSize / size) / deviations[axis + 2]!;
    }
  }
  return deltas;
}

/**
 * The boxes that deltas make of boxes: the inverse of `encodeBoxes`. dw and dh are clamped to ln(1000/16) (and to −ln(1000/16),
 * except with torchvision's conventions), and with `picture` the boxes are clipped to it. Several deltas per box, one for
 * each class, give as many boxes, the classes of a box together. Cost: linear.
 *
 * @param boxes [4·N]
 * @param deltas [4·N·K]
 * @returns [4·N·K]
 * @throws bad-argument for lengths that do not fit
 */
export function decodeBoxes(
  boxes: Boxes,
  deltas: Float32Array,
  { conventions, deviations = [1, 1, 1, 1], picture }: BoxCoderOptions & { picture?: PictureSize } = {},
): Boxes {
  const count = countBoxes('decodeBoxes', boxes);
  checkArgument(
    count === 0 ? deltas.length === 0 : deltas.length % boxes.length === 0,
    () => `decodeBoxes: four deltas for each class of ${count} boxes are required, got ${deltas.length}`,
  );
  const { extent, clampsBelow } = conventionsOf(conventions);
  const decoded = new Float32Array(deltas.length);
  const perBox = count === 0 ? 0 : deltas.length / count;
  for (let n = 0, at = 0; n < count; n++) {
    for (let axis = 0; axis < 2; axis++) {
      const [low, high] = [boxes[4 * n + axis]!, boxes[4 * n + axis + 2]!];
      const size = high - low + extent;
      const centre = (low + high) / 2;
      for (let k = at + axis; k < at + perBox; k += 4) {
        let logScale = Math.min(deltas[k + 2]! * deviations[axis + 2]!, LARGEST_LOG_SCALE);
        if (clampsBelow) logScale = Math.max(logScale, -LARGEST_LOG_SCALE);
        const middle = centre + deltas[k]! * deviations[axis]! * size;
        const half = (size * Math.exp(logScale) - extent) / 2;
        decoded[k] = middle - half;
        decoded[k + 2] = middle + half;
      }
    }
    at += perBox;
  }
  return picture ? clipBoxes(decoded, picture, { conventions }) : decoded;
}

/** The boxes with corners moved into [0, W − extent] × [0, H − extent]. */
export function clipBoxes(boxes: Boxes, [height, width]: PictureSize, { conventions }: ConventionsOption = {}): Boxes {
  const { extent } = conventionsOf(conventions);
  const limits = [width - extent, height - extent];
  return boxes.map((value, i) => Math.min(Math.max(value, 0), limits[i % 2]!));
}
