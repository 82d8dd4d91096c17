import { anchorStrides, baseAnchors, gridAnchors } from './anchors.ts';
import type { Boxes, PictureSize } from './boxes.ts';
import type { ConventionsOption } from './conventions.ts';

export interface AnchorGridOptions extends ConventionsOption {
  strides: readonly number[];
  scale: number;
  ratios: readonly number[];
}

/**
 * The anchors of every level of a pyramid.
 *
 * @param grids rows and columns of each level
 * @param padded height and width of the batch's tensor
 */
export function pyramidAnchors(
  grids: readonly (readonly [number, number])[],
  padded: PictureSize,
  { strides, scale, ratios, conventions }: AnchorGridOptions,
): Boxes[] {
  return grids.map((grid, level) => {
    const stride = strides[level]!;
    const base = baseAnchors(stride, { scales: [scale], ratios, conventions });
    return gridAnchors(base, grid, anchorStrides(stride, grid, padded, { conventions }));
  });
}
