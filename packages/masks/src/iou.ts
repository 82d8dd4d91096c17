import { checkArgument } from '@covpool/base';
import { countOnes, tightBox, type Box } from './measure.ts';
import { checkSameSize } from './merge.ts';
import { checkRle, type Rle, type RleLike } from './run-lengths.ts';

interface Measured {
  mask: Rle;
  box: Box;
  area: number;
}

/**
 * Intersection over union of every detection with every ground truth: `[detections · groundTruth]`, a row for each detection. For a
 * ground truth that is a crowd the union is the detection's own area, so that a detection inside it scores 1. Masks that share no
 * pixel, empty ones among them, score 0. Cost: the runs of both masks of each pair whose boxes meet.
 *
 * ```ts
 * rle.iou([detection], [groundTruth])[0]; // 0.2
 * ```
 *
 * @throws `bad-argument` for masks of several sizes or crowd flags that are not one per ground truth.
 */
export function iou(
  detections: readonly RleLike[],
  groundTruth: readonly RleLike[],
  crowd?: ArrayLike<number | boolean>,
): Float64Array {
  checkArgument(
    crowd === undefined || crowd.length === groundTruth.length,
    () => `rle.iou: one crowd flag per ground truth is required (${groundTruth.length}), got ${crowd?.length}`,
  );
  const rows = detections.map(measured);
  const columns = groundTruth.map(measured);
  const result = new Float64Array(rows.length * columns.length);
  rows.forEach((d, row) => {
    columns.forEach((g, column) => {
      checkSameSize('rle.iou', d.mask, g.mask);
      if (!boxesMeet(d.box, g.box)) return;
      const shared = intersection(d.mask.counts, g.mask.counts);
      if (shared === 0) return;
      result[row * columns.length + column] = shared / (crowd?.[column] ? d.area : d.area + g.area - shared);
    });
  });
  return result;
}

function measured(given: RleLike): Measured {
  const mask = checkRle('rle.iou', given);
  return { mask, box: tightBox(mask), area: countOnes(mask.counts) };
}

function boxesMeet(a: Box, b: Box): boolean {
  return (
    Math.min(a[0] + a[2], b[0] + b[2]) > Math.max(a[0], b[0]) &&
    Math.min(a[1] + a[3], b[1] + b[3]) > Math.max(a[1], b[1])
  );
}

/** How many pixels both have: pairs of runs of ones that overlap. */
function intersection(a: Uint32Array, b: Uint32Array): number {
  let shared = 0;
  let [i, j] = [1, 1];
  let [startA, startB] = [a[0] ?? 0, b[0] ?? 0];
  while (i < a.length && j < b.length) {
    const endA = startA + a[i]!;
    const endB = startB + b[j]!;
    const both = Math.min(endA, endB) - Math.max(startA, startB);
    if (both > 0) shared += both;
    if (endA <= endB) {
      startA = endA + (a[i + 1] ?? 0);
      i += 2;
    } else {
      startB = endB + (b[j + 1] ?? 0);
      j += 2;
    }
  }
  return shared;
}
