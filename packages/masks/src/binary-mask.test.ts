import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rle } from './index.ts';
import { masks } from './testing.fixture.ts';

/** A row-major mask from rows of text. */
function rows(...lines: string[]): { pixels: Uint8Array; height: number; width: number } {
  const pixels = Uint8Array.from(lines.join(''), (c) => (c === '#' ? 1 : 0));
  return { pixels, height: lines.length, width: lines[0]!.length };
}

describe('values', () => {
  // Spec §9, the table of run lengths.
  it.each([
    ['a rectangle', rows('.....', '.###.', '.###.', '.....'), [5, 2, 2, 2, 2, 2, 5], '5220003'],
    ['all ones', rows('###', '###', '###'), [0, 9], '09'],
    ['all zeros', rows('...', '...', '...'), [9], '9'],
    ['the identity', rows('#.', '.#'), [0, 1, 2, 1], '0120'],
    [
      'a rectangle with a hole',
      rows(
        ...['............', '............', '...######...', '...######...', '...##.###...', '...######...'],
        ...['...######...', '............', '............', '............'],
      ),
      [32, 5, 5, 5, 5, 2, 1, 2, 5, 5, 5, 5, 5, 5, 33],
      'P15500ML0430000l0',
    ],
  ])('%s', (_, { pixels, height, width }, counts, text) => {
    const mask = rle.encode(pixels, height, width, { order: 'row' });
    expect(rle.toUncompressed(mask)).toEqual({ size: [height, width], counts });
    expect(rle.toCompressed(mask)).toEqual({ size: [height, width], counts: text });
    expect(rle.decode({ size: [height, width], counts: text }, { order: 'row' })).toEqual(pixels);
  });

  it('goes down the columns by itself', () => {
    expect([...rle.encode([1, 1, 0, 0, 0, 1], 2, 3).counts]).toEqual([0, 2, 3, 1]);
    expect([...rle.encode([1, 1, 0, 0, 0, 1], 2, 3, { order: 'row' }).counts]).toEqual([0, 1, 1, 1, 2, 1]);
  });

  it('takes whatever is not 0 for inside', () => {
    expect([...rle.encode([0, 2, 255, 1], 2, 2).counts]).toEqual([1, 3]);
  });

  it('knows pictures without pixels', () => {
    expect(rle.toCompressed(rle.encode([], 0, 7))).toEqual({ size: [0, 7], counts: '0' });
    expect(rle.decode({ size: [0, 0], counts: [] })).toHaveLength(0);
  });
});

describe('properties', () => {
  it('comes back from every form, in both orders', () => {
    fc.assert(
      fc.property(masks, fc.constantFrom('row' as const, 'column' as const), ({ pixels, height, width }, order) => {
        const mask = rle.encode(pixels, height, width, { order });
        for (const form of [mask, rle.toCompressed(mask), rle.toUncompressed(mask)]) {
          expect(rle.decode(form, { order })).toEqual(pixels);
          expect(rle.parse(form)).toEqual(mask);
        }
        expect(JSON.parse(JSON.stringify(rle.toCompressed(mask)))).toEqual(rle.toCompressed(mask));
      }),
    );
  });

  it('decodes runs of length 0 like their sum', () => {
    expect(rle.decode({ size: [1, 5], counts: [1, 0, 1, 2, 0, 1, 0] })).toEqual(Uint8Array.of(0, 0, 1, 1, 1));
  });
});

describe('rejects', () => {
  it.each([
    ['a mask of another size', () => rle.encode([0, 1], 2, 2), 'rle.encode: a mask of 2×2 has 4 values, got 2'],
    ['half a pixel', () => rle.encode([], 0.5, 0), /height and width must be whole numbers.*got 0.5×0/],
    ['an unknown order', () => rle.decode({ size: [0, 0], counts: [] }, { order: 'x' as 'row' }), /got x/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
