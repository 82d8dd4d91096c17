import type { Size } from './scaled-size.ts';

/** How a picture comes into a network: from its own size to a scaled one, then mirrored. */
export interface Placement {
  from: Size;
  to: Size;
  flipX: boolean;
  flipY: boolean;
}

/** `[x1, y1, x2, y2]` in pixels. */
export type CornerBox = readonly [x1: number, y1: number, x2: number, y2: number];

/**
 * A box of the picture in the network's input: scaled by `to / from` per side, clipped to the picture, mirrored as
 * `x1' = w − x2`, `x2' = w − x1` (and so for y).
 */
export function placeBox([x1, y1, x2, y2]: CornerBox, { from, to, flipX, flipY }: Placement): CornerBox {
  const [left, right] = placeSpan(x1, x2, from.width, to.width, flipX);
  const [top, bottom] = placeSpan(y1, y2, from.height, to.height, flipY);
  return [left, top, right, bottom];
}

function placeSpan(low: number, high: number, from: number, to: number, flip: boolean): [number, number] {
  const clipped = (value: number) => Math.min(Math.max((value * to) / from, 0), to);
  return flip ? [to - clipped(high), to - clipped(low)] : [clipped(low), clipped(high)];
}

/**
 * A mask in the network's input, row by row; the nearest pixel is taken (`floor(x · from / to)`), as OpenCV does, so that masks stay
 * binary.
 *
 * @param mask a byte of 0 or 1 per pixel of the picture, column by column.
 */
export function placeMask(mask: Uint8Array, { from, to, flipX, flipY }: Placement): Uint8Array {
  const placed = new Uint8Array(to.width * to.height);
  const rows = Int32Array.from({ length: to.height }, (_, y) => {
    return Math.floor(((flipY ? to.height - 1 - y : y) * from.height) / to.height);
  });
  for (let x = 0; x < to.width; x++) {
    const column = Math.floor(((flipX ? to.width - 1 - x : x) * from.width) / to.width) * from.height;
    for (let y = 0, at = x; y < to.height; y++, at += to.width) placed[at] = mask[column + rows[y]!]!;
  }
  return placed;
}
