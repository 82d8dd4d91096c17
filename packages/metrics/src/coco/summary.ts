import type { AreaRange } from './area-ranges.ts';
import type { CategoryCurves } from './category.ts';
import { cocoIouThresholds, cocoRecallLevels } from './coco-parameters.ts';

const THRESHOLDS = cocoIouThresholds.length;
const LEVELS = cocoRecallLevels.length;

/**
 * The twelve numbers of COCO, in 0…1; −1 where the ground truth has nothing of the kind.
 * AP: mean of precision over thresholds, recall levels and categories; AP50 and AP75 at one threshold; s, m, l by size.
 * AR: mean over thresholds and categories of the recall reached with 1, 10, 100 detections of a picture and category.
 */
export interface CocoStats {
  AP: number;
  AP50: number;
  AP75: number;
  APs: number;
  APm: number;
  APl: number;
  AR1: number;
  AR10: number;
  AR100: number;
  ARs: number;
  ARm: number;
  ARl: number;
}

export function summarize(categories: readonly CategoryCurves[]): CocoStats {
  const precision = (range: AreaRange, iou?: number): number => meanPrecision(categories, range, iou);
  const recall = (range: AreaRange): number =>
    mean(categories.flatMap(({ curves }) => [...(curves[range]?.recall ?? [])]));
  return {
    AP: precision('all'),
    AP50: precision('all', 0.5),
    AP75: precision('all', 0.75),
    APs: precision('small'),
    APm: precision('medium'),
    APl: precision('large'),
    AR1: mean(categories.flatMap(({ recall1 }) => [...(recall1 ?? [])])),
    AR10: mean(categories.flatMap(({ recall10 }) => [...(recall10 ?? [])])),
    AR100: recall('all'),
    ARs: recall('small'),
    ARm: recall('medium'),
    ARl: recall('large'),
  };
}

/** Mean precision over recall levels, categories, and all thresholds or the one given; −1 if no category has such objects. */
export function meanPrecision(categories: readonly CategoryCurves[], range: AreaRange, iou?: number): number {
  const t = iou === undefined ? 0 : cocoIouThresholds.indexOf(iou);
  const [first, end] = iou === undefined ? [0, THRESHOLDS * LEVELS] : [t * LEVELS, (t + 1) * LEVELS];
  const means = categories.flatMap(({ curves }) => {
    const precision = curves[range]?.precision.subarray(first, end);
    return precision ? [mean(precision)] : [];
  });
  return mean(means);
}

export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return values.length > 0 ? sum / values.length : -1;
}
