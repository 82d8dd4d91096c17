import { checkArgument } from '@covpool/base';
import { countBoxes, type Boxes } from './boxes.ts';
import { conventionsOf, type ConventionsOption } from './conventions.ts';
import { topScores } from './top-scores.ts';

export interface NmsOptions extends ConventionsOption {
  /** A box is suppressed by a better one that it shares more IoU with than this. */
  threshold: number;
  /** How many boxes to keep, at most. @default all */
  count?: number;
}

/**
 * Non-maximum suppression: goes through the boxes from the highest score down, keeps a box unless its IoU with one that was kept
 * is above (not at) the threshold. Equal scores: the first box is better. TensorFlow.js's own `nonMaxSuppression` suppresses
 * at the threshold too.
 *
 * Cost: a sort and |boxes|·|kept| IoUs: some 20 ms for 2,000 boxes of which few are suppressed.
 *
 * ```ts
 * nms(Float32Array.of(0, 0, 10, 10, 0, 0, 10, 5), Float32Array.of(0.9, 0.8), { threshold: 0.5 }); // 0, 1
 * ```
 *
 * @returns the indices of the kept boxes, highest score first
 * @throws bad-argument unless there is a score for each box
 */
export function nms(boxes: Boxes, scores: Float32Array, options: NmsOptions): Int32Array {
  checkScores('nms', boxes, scores);
  return suppress(boxes, topScores(scores), options);
}

/**
 * Non-maximum suppression within groups, such as the boxes of a class or of a level: boxes of several groups do not suppress each
 * other. Cost: that of `nms` for each group.
 *
 * @param groups a whole number for each box
 * @returns the indices of the kept boxes of all groups, highest score first
 * @throws bad-argument unless there is a score and a group for each box
 */
export function batchedNms(
  boxes: Boxes,
  scores: Float32Array,
  groups: ArrayLike<number>,
  options: NmsOptions,
): Int32Array {
  checkScores('batchedNms', boxes, scores);
  checkArgument(
    groups.length === scores.length,
    () => `batchedNms: one group per box is required (${scores.length}), got ${groups.length}`,
  );
  const order = topScores(scores);
  const members = new Map<number, number[]>();
  for (const n of order) {
    const group = members.get(groups[n]!);
    if (group) group.push(n);
    else members.set(groups[n]!, [n]);
  }
  const kept = new Uint8Array(scores.length);
  for (const group of members.values()) for (const n of suppress(boxes, group, options)) kept[n] = 1;
  return order.filter((n) => kept[n] === 1).slice(0, options.count);
}

export function checkScores(who: string, boxes: Boxes, scores: Float32Array): void {
  const count = countBoxes(who, boxes);
  checkArgument(
    scores.length === count,
    () => `${who}: one score per box is required (${count}), got ${scores.length}`,
  );
}

/** The indices that are left of these, which are in the order of their scores. */
function suppress(
  boxes: Boxes,
  order: ArrayLike<number>,
  { threshold, count = Infinity, conventions }: NmsOptions,
): Int32Array {
  const { extent } = conventionsOf(conventions);
  const corner = (k: number) => Float64Array.from({ length: order.length }, (_, i) => boxes[4 * order[i]! + k]!);
  const [left, top, right, bottom] = [
    corner(0),
    corner(1),
    corner(2).map((x) => x + extent),
    corner(3).map((y) => y + extent),
  ];
  const areas = left.map((x, i) => Math.max(right[i]! - x, 0) * Math.max(bottom[i]! - top[i]!, 0));
  const suppressed = new Uint8Array(order.length);
  const kept: number[] = [];
  for (let i = 0; i < order.length && kept.length < count; i++) {
    if (suppressed[i]) continue;
    kept.push(order[i]!);
    const [x1, y1, x2, y2, area] = [left[i]!, top[i]!, right[i]!, bottom[i]!, areas[i]!];
    for (let j = i + 1; j < order.length; j++) {
      const width = Math.min(x2, right[j]!) - Math.max(x1, left[j]!);
      if (!(width > 0)) continue;
      const height = Math.min(y2, bottom[j]!) - Math.max(y1, top[j]!);
      if (!(height > 0)) continue;
      const shared = width * height;
      if (shared / (area + areas[j]! - shared) > threshold) suppressed[j] = 1;
    }
  }
  return Int32Array.from(kept);
}
