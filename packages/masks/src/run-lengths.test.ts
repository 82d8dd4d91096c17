import { CovpoolError } from '@covpool/base';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rle, type RleLike } from './index.ts';

describe('values', () => {
  it('reads the largest runs and differences', () => {
    const counts = [0, 2 ** 30 - 3, 0, 1, 0, 2];
    const mask = rle.parse({ size: [2 ** 15, 2 ** 15], counts });
    expect([...rle.parse(rle.toCompressed(mask)).counts]).toEqual(counts);
    expect(rle.area(mask)).toBe(2 ** 30);
  });

  it('does not copy what is in form', () => {
    const mask = { size: [2, 2] as const, counts: Uint32Array.of(1, 3) };
    expect(rle.parse(mask)).toBe(mask);
  });
});

describe('rejects', () => {
  const wild: [string, unknown, RegExp][] = [
    ['no mask', undefined, /size must be \[height, width\], got nothing/],
    ['no size', { counts: [4] }, /size must be \[height, width\], got nothing/],
    ['three sides', { size: [1, 2, 3], counts: [6] }, /got \[1,2,3\]/],
    ['a negative side', { size: [-1, -4], counts: [4] }, /whole numbers, at least 0.*got -1×-4/],
    ['a side of text', { size: ['2', 2], counts: [4] }, /got 2×2/],
    ['a huge picture', { size: [1e6, 1e6], counts: [1e12] }, /2\^30 pixels at most, got 1000000×1000000/],
    ['too few pixels', { size: [2, 2], counts: [1, 2] }, /2×2 must add up to 4 pixels, got 3/],
    ['too many pixels', { size: [2, 2], counts: '05' }, /2×2 must add up to 4 pixels, got 5/],
    ['no runs', { size: [2, 2], counts: [] }, /got 0/],
    ['a negative run', { size: [2, 2], counts: [5, -1] }, /run 1 must be a whole number in 0…2\^30, got -1/],
    ['half a run', { size: [2, 2], counts: [3.5, 0.5] }, /run 0 must be a whole number in 0…2\^30, got 3.5/],
    ['a huge run', { size: [2, 2], counts: [4294967300] }, /got 4294967300/],
    ['no number', { size: [2, 2], counts: [null, 4] }, /got null/],
    ['neither', { size: [2, 2], counts: 4 }, /counts must be numbers or a string, got number/],
    ['a strange character', { size: [2, 2], counts: '1 3' }, /got " " at 1/],
    ['a character beyond the alphabet', { size: [2, 2], counts: '1p' }, /got "p" at 1/],
    ['a string that stops', { size: [2, 2], counts: '1o' }, /got its end within a group/],
    ['an endless number', { size: [2, 2], counts: 'ooooooooo0' }, /groups of at most 7.*got "o" at 7/],
    ['a run below 0 by difference', { size: [2, 2], counts: '121K' }, /run 3 of the string must be in 0…/],
  ];
  it.each(wild)('%s', (_, mask, message) => {
    expect(() => rle.decode(mask as RleLike)).toThrow(message);
    expect(() => rle.area(mask as RleLike)).toThrow(message);
  });

  it('any text, in one line', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), fc.nat(20), fc.nat(20), (counts, height, width) => {
        try {
          expect(rle.decode({ size: [height, width], counts })).toHaveLength(height * width);
        } catch (error) {
          expect(error).toBeInstanceOf(CovpoolError);
          expect((error as Error).message).toMatch(/^rle\.decode: .+, got .+$/);
        }
      }),
      { numRuns: 500 },
    );
  });
});
