import { checkArgument } from '@covpool/base';
import { bilinearAxis, bilinearGrid } from './bilinear-axis.ts';
import { countBoxes, type Boxes, type PictureSize } from './boxes.ts';
import { conventionsOf, type ConventionsOption } from './conventions.ts';
import { boxAxisTaps, type SamplingRule } from './roi-taps.ts';

/** A mask of a whole picture: 0 or 1 for each pixel, row by row. */
export interface BitMask {
  size: PictureSize;
  pixels: Uint8Array;
}

export interface MaskTargetOptions extends ConventionsOption {
  /** Rows and columns of the mask head's output. @default 28 */
  resolution?: number;
}

/**
 * What the mask head is to predict for boxes with a ground truth: the truth's mask where the box is, resized to the head's
 * resolution.
 *
 * - mmdet2: RoIAlign on the mask, aligned, ⌈bin⌉ samples; 1 where it is 0.5 or more, else 0
 * - mmdet1: the mask cut out in whole pixels, ⌊x1⌋ to ⌊x2⌋, resized bilinearly; 1 where it is 0.5 or more
 * - torchvision: RoIAlign on the mask, not aligned, ⌈bin⌉ samples, as it is
 *
 * Pixels outside the picture are 0. Cost: the pixels below each box.
 *
 * @param masks of the ground truths
 * @param truths for each box the index of its mask
 * @param boxes [4·N]
 * @returns [N·resolution²]
 * @throws bad-argument for a box without a mask, or a mask whose pixels are not its size
 */
export function maskTargets(
  masks: readonly BitMask[],
  truths: Int32Array,
  boxes: Boxes,
  { resolution = 28, conventions }: MaskTargetOptions = {},
): Float32Array {
  const count = countBoxes('maskTargets', boxes);
  checkArgument(
    truths.length === count && truths.every((truth) => truth >= 0 && truth < masks.length),
    () => `maskTargets: for each of ${count} boxes the index of one of ${masks.length} masks is required`,
  );
  masks.forEach(({ size, pixels }, n) =>
    checkArgument(
      pixels.length === size[0] * size[1],
      () => `maskTargets: mask ${n} of ${size[0]}×${size[1]} must have as many pixels, got ${pixels.length}`,
    ),
  );
  const { maskTarget, roiAlign, extent } = conventionsOf(conventions);
  const rule = { ...roiAlign, extent, samplingRatio: 0 };
  const targets = new Float32Array(count * resolution ** 2);
  for (let n = 0; n < count; n++) {
    const mask = masks[truths[n]!]!;
    const box = boxes.subarray(4 * n, 4 * n + 4);
    const values = maskTarget === 'crop' ? cropped(mask, box, resolution) : pooled(mask, box, resolution, rule);
    targets.set(maskTarget === 'soft' ? values : values.map((value) => (value >= 0.5 ? 1 : 0)), n * resolution ** 2);
  }
  return targets;
}

/** The mask below the box in whole pixels, as far as the picture goes. */
function cropped({ size, pixels }: BitMask, box: Boxes, resolution: number): Float32Array {
  const [height, width] = size;
  const [x1, y1, x2, y2] = box.map(Math.trunc) as unknown as [number, number, number, number];
  const [left, top] = [Math.max(x1, 0), Math.max(y1, 0)];
  const right = Math.min(x1 + Math.max(x2 - x1 + 1, 1), width);
  const bottom = Math.min(y1 + Math.max(y2 - y1 + 1, 1), height);
  if (!(left < right && top < bottom)) return new Float32Array(resolution ** 2);
  return bilinearGrid(
    pixels.subarray(top * width + left),
    width,
    bilinearAxis(bottom - top, resolution),
    bilinearAxis(right - left, resolution),
  );
}

/** RoIAlign of the mask. */
function pooled({ size, pixels }: BitMask, box: Boxes, resolution: number, rule: SamplingRule): Float32Array {
  const rows = boxAxisTaps(box[1]!, box[3]!, 1, resolution, size[0], rule);
  const columns = boxAxisTaps(box[0]!, box[2]!, 1, resolution, size[1], rule);
  const result = new Float32Array(resolution ** 2);
  for (let i = 0, at = 0; i < resolution; i++) {
    for (let j = 0; j < resolution; j++, at++) {
      let value = 0;
      for (let v = rows.starts[i]!; v < rows.starts[i + 1]!; v++) {
        const line = rows.positions[v]! * size[1];
        let inLine = 0;
        for (let u = columns.starts[j]!; u < columns.starts[j + 1]!; u++) {
          inLine += columns.weights[u]! * pixels[line + columns.positions[u]!]!;
        }
        value += rows.weights[v]! * inLine;
      }
      result[at] = value;
    }
  }
  return result;
}
