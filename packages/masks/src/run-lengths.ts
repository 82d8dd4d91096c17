import { CovpoolError } from '@covpool/base';
import { decodeCounts } from './counts-string.ts';

/**
 * A binary mask as run lengths: how many zeros, then how many ones, and so on, down the columns of the picture, the leftmost column
 * first. The first run is of zeros and may be empty.
 */
export interface Rle {
  /** Height and width in pixels. */
  readonly size: readonly [height: number, width: number];
  readonly counts: Uint32Array;
}

/** The same as it stands in COCO files: run lengths as numbers, or as COCO's string. */
export interface CocoRle {
  /** Height and width in pixels. */
  readonly size: readonly number[];
  readonly counts: string | readonly number[];
}

/** Whatever stands for run lengths. */
export type RleLike = Rle | CocoRle;

/** No mask has more pixels: what is larger is a damaged file. */
const MOST_PIXELS = 2 ** 30;

function badMask(who: string, required: string, got: string): CovpoolError {
  return new CovpoolError('bad-input', `${who}: ${required}, got ${got}`);
}

/** Height and width of a mask; `bad-input` unless they are whole numbers and the picture has at most 2^30 pixels. */
export function checkSize(who: string, height: unknown, width: unknown): [height: number, width: number] {
  const isSide = (side: unknown): side is number => Number.isSafeInteger(side) && (side as number) >= 0;
  if (!isSide(height) || !isSide(width) || height * width > MOST_PIXELS) {
    throw badMask(
      who,
      'height and width must be whole numbers, at least 0, with 2^30 pixels at most',
      `${String(height)}×${String(width)}`,
    );
  }
  return [height, width];
}

/**
 * Run lengths in one form, from any: checks that they are whole numbers that add up to the pixels of the picture. Runs of length 0 are
 * kept as they came. Cost: one pass over the counts; a `Uint32Array` is not copied.
 *
 * @throws `bad-input` in one line for anything else: a wild size, a negative, fractional or missing run, a damaged string.
 */
export function parse(mask: RleLike): Rle {
  return checkRle('rle.parse', mask);
}

/** `parse` in the name of the function that was called. */
export function checkRle(who: string, mask: RleLike): Rle {
  const given: unknown = mask?.size;
  if (!Array.isArray(given) || given.length !== 2) {
    throw badMask(who, 'size must be [height, width]', JSON.stringify(given) ?? 'nothing');
  }
  const [height, width] = checkSize(who, given[0], given[1]);
  const pixels = height * width;
  const counts = toRuns(who, mask.counts);
  let sum = 0;
  for (let i = 0; i < counts.length; i++) sum += counts[i]!;
  if (sum !== pixels) {
    throw badMask(who, `the runs of a mask of ${height}×${width} must add up to ${pixels} pixels`, String(sum));
  }
  return counts === mask.counts ? (mask as Rle) : { size: [height, width], counts };
}

function toRuns(who: string, counts: unknown): Uint32Array {
  if (counts instanceof Uint32Array) return counts;
  if (typeof counts === 'string') return decodeCounts(who, counts, MOST_PIXELS);
  if (!Array.isArray(counts)) throw badMask(who, 'counts must be numbers or a string', typeof counts);
  const runs = new Uint32Array(counts.length);
  for (let i = 0; i < runs.length; i++) {
    const run: unknown = counts[i];
    if (!Number.isInteger(run) || (run as number) < 0 || (run as number) > MOST_PIXELS) {
      throw badMask(who, `run ${i} must be a whole number in 0…2^30`, JSON.stringify(run) ?? 'nothing');
    }
    runs[i] = run as number;
  }
  return runs;
}
