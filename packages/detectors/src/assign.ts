import { checkArgument } from '@covpool/base';
import { boxIou } from './box-iou.ts';
import { countBoxes, type Boxes } from './boxes.ts';
import { conventionsOf, type ConventionsOption } from './conventions.ts';

/** What stands for the index of a ground truth where a box has none: it is background, or takes no part. */
export const BACKGROUND = -1;
export const NEITHER = -2;

export interface AssignOptions extends ConventionsOption {
  /** From this best IoU on a box has a ground truth. */
  positive: number;
  /** Below this best IoU it is background; in between neither. */
  negative: number;
  /** Whether every ground truth gets the boxes that fit it best, however badly they do. */
  lowQuality: boolean;
  /** Ground truths whose best IoU is less do not get them; without meaning to torchvision. @default 0 */
  minimum?: number;
  /** A byte per box: boxes with 0 take no part (`anchorsInside`). */
  considered?: Uint8Array;
}

/** The assignment of the first stage and of the second; whether that has low quality: `secondStageLowQuality` of the conventions. */
export const FIRST_STAGE_ASSIGNMENT = { positive: 0.7, negative: 0.3, minimum: 0.3, lowQuality: true } as const;
export const SECOND_STAGE_ASSIGNMENT = { positive: 0.5, negative: 0.5, minimum: 0.5 } as const;

/**
 * Assigns boxes to ground truths by IoU: a box is background below `negative`, has the truth that it shares most with (the first of
 * equals) from `positive` on, and is neither in between. With `lowQuality`, for each truth in order whose best IoU is at
 * least `minimum`, every box that attains exactly that IoU gets this truth, whatever it had. torchvision gives such a box the
 * truth that it shares most with, and knows no minimum. IoUs are rounded to float32 before they are compared, so that
 * equals are equal. Without truths all boxes are background.
 *
 * Cost: |boxes|·|truths|, and as many float32 numbers.
 *
 * ```ts
 * const boxes = Float32Array.of(0, 0, 10, 10, 10, 10, 20, 20);
 * assignBoxes(boxes, Float32Array.of(0, 0, 10, 9), { positive: 0.5, negative: 0.5, lowQuality: false }); // 0, BACKGROUND
 * ```
 *
 * @returns for each box the index of its truth, `BACKGROUND` or `NEITHER`
 * @throws bad-argument for thresholds out of order
 */
export function assignBoxes(
  boxes: Boxes,
  truths: Boxes,
  { positive, negative, lowQuality, minimum = 0, considered, conventions }: AssignOptions,
): Int32Array {
  checkArgument(
    negative <= positive,
    () => `assignBoxes: negative must not be above positive, got ${negative} and ${positive}`,
  );
  const count = countBoxes('assignBoxes', boxes);
  const truthCount = countBoxes('assignBoxes', truths);
  const ious = boxIou(truths, boxes, { conventions });
  const takesPart = (n: number) => considered === undefined || considered[n] !== 0;
  const fits = new Int32Array(count);
  const best = new Float32Array(count);
  for (let g = 0; g < truthCount; g++) {
    for (let n = 0; n < count; n++) {
      const iou = ious[g * count + n]!;
      if (iou > best[n]!) {
        best[n] = iou;
        fits[n] = g;
      }
    }
  }
  const [from, below] = [Math.fround(positive), Math.fround(negative)];
  const assigned = new Int32Array(count);
  for (let n = 0; n < count; n++) {
    if (!takesPart(n)) assigned[n] = NEITHER;
    else if (truthCount === 0 || best[n]! < below) assigned[n] = BACKGROUND;
    else assigned[n] = best[n]! >= from ? fits[n]! : NEITHER;
  }
  if (!lowQuality) return assigned;
  const toTheTruth = conventionsOf(conventions).lowQuality === 'to-the-truth';
  for (let g = 0; g < truthCount; g++) {
    let highest = -1;
    for (let n = 0; n < count; n++) if (takesPart(n)) highest = Math.max(highest, ious[g * count + n]!);
    if (highest < 0 || (toTheTruth && highest < Math.fround(minimum))) continue;
    for (let n = 0; n < count; n++) {
      if (ious[g * count + n] === highest && takesPart(n)) assigned[n] = toTheTruth ? g : fits[n]!;
    }
  }
  return assigned;
}
