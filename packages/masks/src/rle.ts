import { decode, encode } from './binary-mask.ts';
import { encodeCounts } from './counts-string.ts';
import { iou } from './iou.ts';
import { area, toBox } from './measure.ts';
import { merge } from './merge.ts';
import { fromBoxes, fromPolygons } from './polygons.ts';
import { checkRle, parse, type RleLike } from './run-lengths.ts';

/** How COCO's result files hold a mask: `size` and a string of run lengths. */
function toCompressed(mask: RleLike): { size: [number, number]; counts: string } {
  const { size, counts } = checkRle('rle.toCompressed', mask);
  return { size: [size[0], size[1]], counts: encodeCounts(counts) };
}

/** How COCO's annotation files hold a crowd: `size` and a list of run lengths. */
function toUncompressed(mask: RleLike): { size: [number, number]; counts: number[] } {
  const { size, counts } = checkRle('rle.toUncompressed', mask);
  return { size: [size[0], size[1]], counts: [...counts] };
}

/**
 * Masks as run lengths (see `Rle`): reading, writing and measuring them. Every function takes run lengths in whatever form and refuses
 * damaged ones with `bad-input` in one line.
 *
 * ```ts
 * const mask = rle.fromPolygons([[1, 1, 1, 4, 5, 4, 5, 1]], 6, 8);
 * rle.area(mask); // 12
 * rle.toBox(mask); // [1, 1, 4, 3]
 * rle.toCompressed(mask).counts; // '73300000a0'
 * ```
 */
export const rle = {
  parse,
  toCompressed,
  toUncompressed,
  encode,
  decode,
  area,
  toBox,
  merge,
  iou,
  fromPolygons,
  fromBoxes,
};
