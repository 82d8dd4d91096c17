import { checkArgument } from '@covpool/base';
import { boxArea, sharedArea } from './box-iou.ts';
import type { Boxes } from './boxes.ts';
import { conventionsOf, type ConventionsOption } from './conventions.ts';
import { checkScores } from './nms.ts';

export interface SoftNmsOptions extends ConventionsOption {
  /** `linear`: scores of boxes with an IoU of `threshold` or more are multiplied by 1 − IoU; `gaussian`: all by exp(−IoU²/sigma). */
  method: 'linear' | 'gaussian';
  /** @default 0.3 */
  threshold?: number;
  /** @default 0.5 */
  sigma?: number;
  /** Boxes whose score has fallen below this are dropped. @default 0.001 */
  minScore?: number;
}

/**
 * Soft non-maximum suppression: takes the box with the highest score, again and again, and lowers the scores of those left by how
 * much they share with it. Cost: |boxes|·|kept| IoUs.
 *
 * @returns the indices of the kept boxes in the order they were taken, and their lowered scores, which descend
 * @throws bad-argument unless there is a score for each box and sigma is positive
 *
 * Paper: Bodla, Singh, Chellappa & Davis, Soft-NMS: Improving Object Detection With One Line of Code, ICCV 2017.
 */
export function softNms(
  boxes: Boxes,
  scores: Float32Array,
  { method, threshold = 0.3, sigma = 0.5, minScore = 1e-3, conventions }: SoftNmsOptions,
): { indices: Int32Array; scores: Float32Array } {
  checkScores('softNms', boxes, scores);
  checkArgument(
    (method === 'linear' || method === 'gaussian') && sigma > 0,
    () => `softNms: method must be linear or gaussian and sigma positive, got ${String(method)} and ${sigma}`,
  );
  const { extent } = conventionsOf(conventions);
  const factor = (iou: number): number => {
    if (method === 'gaussian') return Math.exp((-iou * iou) / sigma);
    return iou >= threshold ? 1 - iou : 1;
  };
  const areas = Float64Array.from(scores, (_, n) => boxArea(boxes, 4 * n, extent));
  const current = Float64Array.from(scores);
  let left = [...scores.keys()].filter((n) => current[n]! >= minScore);
  const indices: number[] = [];
  while (left.length > 0) {
    const best = left.reduce((a, b) => (current[b]! > current[a]! ? b : a));
    indices.push(best);
    left = left.filter((n) => {
      if (n === best) return false;
      const shared = sharedArea(boxes, 4 * n, boxes, 4 * best, extent);
      if (shared > 0) current[n]! *= factor(shared / (areas[n]! + areas[best]! - shared));
      return current[n]! >= minScore;
    });
  }
  return { indices: Int32Array.from(indices), scores: Float32Array.from(indices, (n) => current[n]!) };
}
