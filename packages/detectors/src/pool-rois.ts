import { concat, gather, type Tensor4D, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { takeBoxes } from './boxes.ts';
import type { ConventionsOption } from './conventions.ts';
import { roiAlign, type Rois } from './roi-align.ts';
import { roiLevels } from './roi-levels.ts';

export interface PyramidOptions extends ConventionsOption {
  /** Pixels per position of each level, fine to coarse. */
  strides: readonly number[];
}

/** Sides below 28 strides of the finest level go there: 112 pixels at stride 4, as published. */
const FINEST_SIDE = 14;

const levelsOf = ({ boxes }: Rois, { strides, conventions }: PyramidOptions): Int32Array =>
  roiLevels(boxes, { levels: strides.length, finest: FINEST_SIDE * strides[0]!, conventions });

const orderOf = (levels: Int32Array): number[] => [...levels.keys()].sort((a, b) => levels[a]! - levels[b]! || a - b);

/** The indices of boxes in the order of their levels, which is the order that `poolRois` needs no gathering for. */
export const levelOrder = (rois: Rois, options: PyramidOptions): number[] => orderOf(levelsOf(rois, options));

/** Boxes with these indices, in their order. */
export const takeRois = ({ boxes, pictures }: Rois, indices: readonly number[]): Rois => ({
  boxes: takeBoxes(boxes, indices),
  pictures: Int32Array.from(indices, (n) => pictures[n]!),
});

/**
 * Pools each box from its level of a pyramid (`roiLevels`, `roiAlign`); there must be at least one box.
 *
 * @param pyramid levels [B,H_i,W_i,C]
 * @param size bins of the result
 * @returns [R,size,size,C], in the order of the boxes
 */
export function poolRois(
  pyramid: readonly Tensor4D[],
  rois: Rois,
  size: number,
  { strides, conventions }: PyramidOptions,
): Tensor4D {
  return tidy(() => {
    const levels = levelsOf(rois, { strides, conventions });
    const order = orderOf(levels);
    const parts: Tensor4D[] = [];
    for (const [level, stride] of strides.entries()) {
      const members = order.filter((n) => levels[n] === level);
      if (members.length === 0) continue;
      const own = takeRois(rois, members);
      parts.push(roiAlign(pyramid[level]!, own, { size: [size, size], scale: 1 / stride, conventions }));
    }
    const pooled = parts.length === 1 ? parts[0]! : concat(parts, 0);
    if (order.every((n, i) => n === i)) return pooled;
    const places = new Int32Array(order.length);
    order.forEach((n, i) => (places[n] = i));
    return gather(pooled, tensor1d(places, 'int32'));
  });
}
