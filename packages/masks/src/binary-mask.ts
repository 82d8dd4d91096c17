import { checkArgument } from '@covpool/base';
import { checkRle, checkSize, type Rle, type RleLike } from './run-lengths.ts';

export interface MaskOrder {
  /** Which pixel comes second: the one below the first (`column`, as the run lengths themselves), or the one beside it (`row`). */
  order?: 'column' | 'row';
}

/**
 * Run lengths of a binary mask; whatever is not 0 belongs to it. Cost: one pass over the pixels.
 *
 * ```ts
 * encode(Uint8Array.of(1, 0, 0, 1), 2, 2).counts; // 0, 1, 2, 1
 * ```
 *
 * @throws `bad-argument` unless the mask has height · width values; `bad-input` for a wild size.
 */
export function encode(
  mask: ArrayLike<number>,
  height: number,
  width: number,
  { order = 'column' }: MaskOrder = {},
): Rle {
  checkSize('rle.encode', height, width);
  checkOrder('rle.encode', order);
  const pixels = height * width;
  checkArgument(
    mask.length === pixels,
    () => `rle.encode: a mask of ${height}×${width} has ${pixels} values, got ${mask.length}`,
  );
  const [down, right] = strides(height, width, order);
  const counts: number[] = [];
  let run = 0;
  let inside = false;
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++) {
      const value = mask[y * down + x * right] !== 0;
      if (value !== inside) {
        counts.push(run);
        run = 0;
        inside = value;
      }
      run++;
    }
  }
  counts.push(run);
  return { size: [height, width], counts: Uint32Array.from(counts) };
}

/** The mask of run lengths, a byte of 0 or 1 for each pixel. Cost: one pass over the pixels. */
export function decode(mask: RleLike, { order = 'column' }: MaskOrder = {}): Uint8Array {
  checkOrder('rle.decode', order);
  const { size, counts } = checkRle('rle.decode', mask);
  const [height, width] = size;
  const pixels = new Uint8Array(height * width);
  const [down, right] = strides(height, width, order);
  let start = 0;
  for (let i = 0; i < counts.length; i++) {
    const end = start + counts[i]!;
    if (i % 2 === 1) {
      if (order === 'column') pixels.fill(1, start, end);
      else for (let at = start; at < end; at++) pixels[(at % height) * down + Math.floor(at / height) * right] = 1;
    }
    start = end;
  }
  return pixels;
}

function strides(height: number, width: number, order: 'column' | 'row'): [down: number, right: number] {
  return order === 'column' ? [1, height] : [width, 1];
}

function checkOrder(who: string, order: unknown): void {
  checkArgument(
    order === 'column' || order === 'row',
    () => `${who}: order must be 'column' or 'row', got ${String(order)}`,
  );
}
