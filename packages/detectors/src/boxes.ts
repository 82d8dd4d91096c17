import { checkArgument } from '@covpool/base';

/** Boxes one after the other, x1, y1, x2, y2 each, in pixels: [4·N]. */
export type Boxes = Float32Array;

/** Height and width of a picture in pixels. */
export type PictureSize = readonly [height: number, width: number];

/** How many boxes these are; `bad-argument` unless there are four numbers to a box. */
export function countBoxes(who: string, boxes: ArrayLike<number>): number {
  checkArgument(
    boxes.length % 4 === 0,
    () => `${who}: boxes must be x1, y1, x2, y2 one after the other, got ${boxes.length} numbers`,
  );
  return boxes.length / 4;
}

/** The boxes with these indices, in their order. */
export function takeBoxes(boxes: Boxes, indices: ArrayLike<number>): Boxes {
  const taken = new Float32Array(4 * indices.length);
  for (let i = 0; i < indices.length; i++) {
    const from = 4 * indices[i]!;
    for (let k = 0; k < 4; k++) taken[4 * i + k] = boxes[from + k]!;
  }
  return taken;
}
