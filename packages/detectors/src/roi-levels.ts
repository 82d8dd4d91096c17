import { checkArgument } from '@covpool/base';
import { countBoxes, type Boxes } from './boxes.ts';
import { conventionsOf, type ConventionsOption } from './conventions.ts';

export interface RoiLevelOptions extends ConventionsOption {
  /** How many levels there are. @default 4 */
  levels?: number;
  /** Boxes smaller than twice this side go to level 0. @default 56 */
  finest?: number;
}

/**
 * The level of the pyramid that a box is pooled from, `clamp(⌊log₂(√(w·h)/finest + 1e-6)⌋, 0, levels − 1)`: sides up to 111 are on
 * level 0, 112 to 223 on level 1, 224 to 447 on level 2, 448 and more on level 3. Boxes without area are on level 0.
 *
 * Paper: Lin et al., Feature Pyramid Networks for Object Detection, CVPR 2017, equation 1.
 */
export function roiLevels(boxes: Boxes, { levels = 4, finest = 56, conventions }: RoiLevelOptions = {}): Int32Array {
  checkArgument(
    Number.isInteger(levels) && levels > 0 && finest > 0,
    () => `roiLevels: levels must be a positive whole number and finest positive, got ${levels} and ${finest}`,
  );
  const { extent } = conventionsOf(conventions);
  return Int32Array.from({ length: countBoxes('roiLevels', boxes) }, (_, n) => {
    const width = Math.max(boxes[4 * n + 2]! - boxes[4 * n]! + extent, 0);
    const height = Math.max(boxes[4 * n + 3]! - boxes[4 * n + 1]! + extent, 0);
    const level = Math.floor(Math.log2(Math.sqrt(width * height) / finest + 1e-6));
    return Math.min(Math.max(level, 0), levels - 1);
  });
}
