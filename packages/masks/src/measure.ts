import { checkRle, type Rle, type RleLike } from './run-lengths.ts';

/** `[x, y, width, height]` in pixels. */
export type Box = [x: number, y: number, width: number, height: number];

/** How many pixels the mask has. */
export function area(mask: RleLike): number {
  return countOnes(checkRle('rle.area', mask).counts);
}

/** The tight box of the mask; `[0, 0, 0, 0]` if it is empty. Cost: one pass over the runs. */
export function toBox(mask: RleLike): Box {
  return tightBox(checkRle('rle.toBox', mask));
}

export function countOnes(counts: Uint32Array): number {
  let sum = 0;
  for (let i = 1; i < counts.length; i += 2) sum += counts[i]!;
  return sum;
}

export function tightBox({ size, counts }: Rle): Box {
  const [height] = size;
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  let start = 0;
  for (let i = 0; i < counts.length; i++) {
    const run = counts[i]!;
    if (i % 2 === 1 && run > 0) {
      const last = start + run - 1;
      const [first, end] = [Math.floor(start / height), Math.floor(last / height)];
      left = Math.min(left, first);
      right = end;
      // A run that goes on in the next column reaches the lower edge in one and the upper edge in the other.
      top = end > first ? 0 : Math.min(top, start - first * height);
      bottom = end > first ? height - 1 : Math.max(bottom, last - end * height);
    }
    start += run;
  }
  return right < 0 ? [0, 0, 0, 0] : [left, top, right - left + 1, bottom - top + 1];
}
