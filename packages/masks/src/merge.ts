import { checkArgument } from '@covpool/base';
import { checkRle, type Rle, type RleLike } from './run-lengths.ts';

export interface MergeOptions {
  /** Keep the pixels that all masks share instead of those that any has. */
  intersect?: boolean;
}

/**
 * The union of masks of one size, or their intersection. Cost: the runs of all masks, times the number of masks.
 *
 * @throws `bad-argument` for no mask at all or for masks of several sizes.
 */
export function merge(masks: readonly RleLike[], { intersect = false }: MergeOptions = {}): Rle {
  checkArgument(masks.length > 0, () => 'rle.merge: at least one mask is required, got none');
  const [first, ...others] = masks.map((mask) => checkRle('rle.merge', mask));
  return others.reduce((merged, mask) => {
    checkSameSize('rle.merge', merged, mask);
    return mergePair(merged, mask, intersect);
  }, first!);
}

export function checkSameSize(who: string, a: Rle, b: Rle): void {
  checkArgument(
    a.size[0] === b.size[0] && a.size[1] === b.size[1],
    () => `${who}: masks must have one size, got ${a.size.join('×')} and ${b.size.join('×')}`,
  );
}

function mergePair(a: Rle, b: Rle, intersect: boolean): Rle {
  const counts = new Uint32Array(a.counts.length + b.counts.length + 1);
  const pixels = a.size[0] * a.size[1];
  let length = 0;
  let [atA, atB, endA, endB] = [0, 0, a.counts[0] ?? 0, b.counts[0] ?? 0];
  let start = 0;
  for (let at = 0; at < pixels; ) {
    while (endA <= at) endA += a.counts[++atA]!;
    while (endB <= at) endB += b.counts[++atB]!;
    const value = intersect ? atA & atB & 1 : (atA | atB) & 1;
    if (value !== length % 2) {
      counts[length++] = at - start;
      start = at;
    }
    at = Math.min(endA, endB);
  }
  counts[length++] = pixels - start;
  return { size: a.size, counts: counts.slice(0, length) };
}
