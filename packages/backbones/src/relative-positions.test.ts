import { describe, expect, it } from 'vitest';
import { relativePositions, shiftMask } from './relative-positions.ts';

describe('values', () => {
  it('of windows of 2×2 stand in a table of 9, that of a position to itself in the middle', () => {
    expect([...relativePositions(2)]).toEqual([4, 3, 1, 0, 5, 4, 2, 1, 7, 6, 4, 3, 8, 7, 5, 4]);
  });

  it('of a 4×4 map shifted by 1 keep what came around a border from the rest of its window', () => {
    const mask = shiftMask([4, 4], 2, [1, 1]);
    const window = (w: number) => Array.from({ length: 16 }, (_, i) => mask[16 * w + i] === 0);
    const pairs = (parts: number[]) => parts.flatMap((p) => parts.map((q) => p === q));
    expect([0, 1, 2, 3].map(window)).toEqual([
      pairs([0, 0, 0, 0]),
      pairs([0, 1, 0, 1]),
      pairs([0, 0, 1, 1]),
      pairs([0, 1, 2, 3]),
    ]);
    expect([...new Set(mask)].sort()).toEqual([-100, 0]);
  });
});

describe('properties', () => {
  it.each([1, 3, 7])('of windows of side %i: all (2·side − 1)² places are there, and i to j mirrors j to i', (side) => {
    const [places, n, last] = [relativePositions(side), side * side, (2 * side - 1) ** 2 - 1];
    expect(new Set(places).size).toBe(last + 1);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) expect(places[i * n + j]! + places[j * n + i]!).toBe(last);
  });

  it('a side that is not shifted is not masked', () => {
    expect(new Set(shiftMask([4, 4], 2, [0, 0]))).toEqual(new Set([0]));
    const rows = shiftMask([4, 2], 2, [1, 0]);
    // The first window is whole, the second holds two rows that are no neighbours.
    expect([...rows.slice(0, 16)].every((value) => value === 0)).toBe(true);
    expect([...rows.slice(16, 20)]).toEqual([0, 0, -100, -100]);
  });
});
