import { countBoxes, type Boxes } from './boxes.ts';
import { conventionsOf, type ConventionsOption } from './conventions.ts';

/** Area of the box that starts at `at`; 0 where it has no width or height. */
export const boxArea = (boxes: Boxes, at: number, extent: number): number =>
  Math.max(boxes[at + 2]! - boxes[at]! + extent, 0) * Math.max(boxes[at + 3]! - boxes[at + 1]! + extent, 0);

/** Area shared by the box of `a` that starts at `i` and that of `b` that starts at `j`. */
export function sharedArea(a: Boxes, i: number, b: Boxes, j: number, extent: number): number {
  const width = Math.min(a[i + 2]!, b[j + 2]!) - Math.max(a[i]!, b[j]!) + extent;
  if (!(width > 0)) return 0;
  const height = Math.min(a[i + 3]!, b[j + 3]!) - Math.max(a[i + 1]!, b[j + 1]!) + extent;
  return height > 0 ? width * height : 0;
}

/**
 * Intersection over union of every box of `a` with every box of `b`, a row for each of `a`; 0 for boxes that share nothing, empty
 * ones among them. Cost: |a|·|b|.
 *
 * ```ts
 * boxIou(Float32Array.of(0, 0, 10, 10), Float32Array.of(5, 5, 15, 15)); // 0.142857
 * ```
 *
 * @param a [4·N]
 * @param b [4·M]
 * @returns [N·M]
 */
export function boxIou(a: Boxes, b: Boxes, { conventions }: ConventionsOption = {}): Float32Array {
  const rows = countBoxes('boxIou', a);
  const columns = countBoxes('boxIou', b);
  const { extent } = conventionsOf(conventions);
  const areas = Float64Array.from({ length: columns }, (_, j) => boxArea(b, 4 * j, extent));
  const result = new Float32Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    const area = boxArea(a, 4 * i, extent);
    for (let j = 0; j < columns; j++) {
      const shared = sharedArea(a, 4 * i, b, 4 * j, extent);
      if (shared > 0) result[i * columns + j] = shared / (area + areas[j]! - shared);
    }
  }
  return result;
}
