import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spread } from './spread.ts';

const positions = fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 15 });

describe('values', () => {
  it.each<[number[], number[]]>([
    [[], []],
    [[50], [50]],
    [
      [100, 20],
      [100, 20],
    ],
    [
      [50, 50],
      [42, 58],
    ],
    [
      [52, 48, 50],
      [66, 34, 50],
    ],
    [
      [0, 0],
      [0, 16],
    ],
    [
      [300, 300, 299],
      [284, 300, 268],
    ],
    [
      [20, 30, 100, 90],
      [17, 33, 103, 87],
    ],
  ])('%j → %j', (wanted, placed) => {
    expect(spread(wanted, 16, 0, 300)).toEqual(placed.map((at) => expect.closeTo(at, 9)));
  });

  it('shrinks the gap where not all fit', () => {
    expect(spread([5, 5, 5, 5, 5], 16, 0, 40)).toEqual([0, 10, 20, 30, 40]);
  });
});

describe('properties', () => {
  it('keeps the gap, the bounds and the order', () => {
    fc.assert(
      fc.property(positions, (wanted) => {
        const placed = spread(wanted, 16, 0, 300);
        const order = wanted.map((_, i) => i).sort((a, b) => wanted[a]! - wanted[b]! || a - b);
        const sorted = order.map((i) => placed[i]!);
        expect(sorted.every((at) => at >= -1e-9 && at <= 300 + 1e-9)).toBe(true);
        expect(sorted.every((at, i) => i === 0 || at - sorted[i - 1]! >= 16 - 1e-9)).toBe(true);
      }),
    );
  });

  it('leaves alone what already has room', () => {
    fc.assert(
      fc.property(positions, (wanted) => {
        const once = spread(wanted, 16, 0, 300);
        spread(once, 16, 0, 300).forEach((at, i) => expect(at).toBeCloseTo(once[i]!, 6));
      }),
    );
  });
});
