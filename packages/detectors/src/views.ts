import { checkArgument } from '@covpool/base';
import { reverse, type Tensor4D } from '@tensorflow/tfjs-core';
import type { Boxes, PictureSize } from './boxes.ts';
import { conventionsOf, type ConventionsOption } from './conventions.ts';

/** How pictures are looked at: as they are, or mirrored left to right (`across`), top to bottom (`down`) or both. */
export interface View {
  across: boolean;
  down: boolean;
}

/** Which mirrored views of a picture a prediction is the mean of, beside the picture as it is. */
export type Flips = 'none' | 'horizontal' | 'both';

const views: Record<Flips, readonly View[]> = {
  none: [{ across: false, down: false }],
  horizontal: [
    { across: false, down: false },
    { across: true, down: false },
  ],
  both: [
    { across: false, down: false },
    { across: true, down: false },
    { across: false, down: true },
    { across: true, down: true },
  ],
};

/** The views of a prediction, the plain one first. */
export function viewsOf(flips: Flips): readonly View[] {
  checkArgument(
    Object.hasOwn(views, flips),
    () => `createDetector: test.flips must be none, horizontal or both, got '${String(flips)}'`,
  );
  return views[flips];
}

/** Pictures [B,H,W,C] in a view: a new tensor, the padding mirrored with them. */
export function mirrorImages(images: Tensor4D, { across, down }: View): Tensor4D {
  const axes = [...(down ? [1] : []), ...(across ? [2] : [])];
  return axes.length === 0 ? images.clone() : reverse(images, axes);
}

/**
 * Boxes in a view, from those in the picture, or the other way round: `x1' = W − extent − x2`, `x2' = W − extent − x1`, and so for y.
 *
 * @param size of the tensor that was mirrored
 */
export function mirrorBoxes(
  boxes: Boxes,
  [height, width]: PictureSize,
  { across, down }: View,
  { conventions }: ConventionsOption = {},
): Boxes {
  const { extent } = conventionsOf(conventions);
  const sides = [width - extent, height - extent];
  const mirrored = [across, down];
  return boxes.map((corner, i) => {
    const axis = i % 2;
    return mirrored[axis] ? sides[axis]! - boxes[i % 4 < 2 ? i + 2 : i - 2]! : corner;
  });
}

/** Square maps of `side` rows, one after the other, in a view or back. */
export function mirrorMaps(maps: Float32Array, side: number, { across, down }: View): Float32Array {
  if (!across && !down) return maps;
  const area = side * side;
  return maps.map((_, i) => {
    const [row, column] = [Math.floor((i % area) / side), i % side];
    const [from, at] = [down ? side - 1 - row : row, across ? side - 1 - column : column];
    return maps[i - (i % area) + from * side + at]!;
  });
}

/** The mean of lists of one length, number by number. */
export function meanOf(lists: readonly Float32Array[]): Float32Array {
  const [first, ...others] = lists as [Float32Array, ...Float32Array[]];
  if (others.length === 0) return first;
  return first.map((value, i) => others.reduce((sum, list) => sum + list[i]!, value) / lists.length);
}
