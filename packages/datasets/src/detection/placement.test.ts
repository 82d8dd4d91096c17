import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flipHorizontally, flipVertically } from '../flip.ts';
import { placeBox, placeMask } from './placement.ts';
import type { Placement } from './placement.ts';

const still = { flipX: false, flipY: false };
const size = (width: number, height: number) => ({ width, height });

/** Column by column, from rows of digits. */
function columns(rows: string[]): Uint8Array {
  const mask = new Uint8Array(rows.length * rows[0]!.length);
  rows.forEach((row, y) => [...row].forEach((digit, x) => (mask[x * rows.length + y] = Number(digit))));
  return mask;
}

function placed(rows: string[], placement: Omit<Placement, 'from'>): string[] {
  const { width, height } = placement.to;
  const target = placeMask(columns(rows), { ...placement, from: size(rows[0]!.length, rows.length) });
  return Array.from({ length: height }, (_, y) => target.subarray(y * width, (y + 1) * width).join(''));
}

describe('placeBox', () => {
  const from = size(100, 50);

  it('scales each side by its own factor, then mirrors', () => {
    const to = size(50, 100);
    expect(placeBox([10, 5, 30, 20], { from, to, ...still })).toEqual([5, 10, 15, 40]);
    expect(placeBox([10, 5, 30, 20], { from, to, flipX: true, flipY: false })).toEqual([35, 10, 45, 40]);
    expect(placeBox([10, 5, 30, 20], { from, to, flipX: false, flipY: true })).toEqual([5, 60, 15, 90]);
  });

  it('clips what stands out of the picture', () => {
    expect(placeBox([-10, -5, 130, 20], { from, to: from, ...still })).toEqual([0, 0, 100, 20]);
    expect(placeBox([-10, -5, 30, 20], { from, to: from, flipX: true, flipY: true })).toEqual([70, 30, 100, 50]);
  });
});

describe('placeMask', () => {
  const rows = ['100', '110', '001', '000'];

  it('keeps, mirrors and doubles', () => {
    expect(placed(rows, { to: size(3, 4), ...still })).toEqual(rows);
    expect(placed(rows, { to: size(3, 4), flipX: true, flipY: false })).toEqual(['001', '011', '100', '000']);
    expect(placed(rows, { to: size(3, 4), flipX: false, flipY: true })).toEqual(['000', '001', '110', '100']);
    expect(placed(['10', '01'], { to: size(4, 4), ...still })).toEqual(['1100', '1100', '0011', '0011']);
  });

  it('takes every second pixel when halving', () => {
    expect(placed(['1010', '0000'], { to: size(2, 1), ...still })).toEqual(['11']);
    expect(placed(['0101', '1111'], { to: size(2, 1), ...still })).toEqual(['00']);
  });

  it('mirrors a mask as it mirrors the picture, whatever the size', () => {
    const masks = fc.tuple(
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      fc.infiniteStream(fc.nat(1)),
    );
    fc.assert(
      fc.property(masks, ([width, height, bits]) => {
        const rows = Array.from({ length: height }, () =>
          Array.from({ length: width }, () => bits.next().value).join(''),
        );
        const data = Uint8Array.from([...rows.join('')].flatMap((bit) => [Number(bit), 0, 0]));
        const red = (flipped: { data: Uint8Array }) => [...flipped.data].filter((_, i) => i % 3 === 0).join('');
        const picture = { width, height, data };
        const to = size(width, height);
        expect(placed(rows, { to, flipX: true, flipY: false }).join('')).toBe(red(flipHorizontally(picture)));
        expect(placed(rows, { to, flipX: false, flipY: true }).join('')).toBe(red(flipVertically(picture)));
      }),
      { seed: 1, numRuns: 60 },
    );
  });
});
