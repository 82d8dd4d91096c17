import { CovpoolError } from '@covpool/base';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rle } from './index.ts';

describe('values', () => {
  // Spec §9, the table of run lengths.
  it.each([
    ['a rectangle', [1, 1, 1, 4, 5, 4, 5, 1], 6, 8, [7, 3, 3, 3, 3, 3, 3, 3, 20], 12, '73300000a0'],
    ['a triangle', [2.5, 1.5, 6.5, 1.5, 4.5, 6], 8, 9, [26, 1, 7, 4, 4, 2, 28], 7, 'j0173MNh0'],
    [
      'half the picture',
      [0, 0, 10, 0, 0, 10],
      10,
      10,
      [0, 9, 1, 8, 2, 7, 3, 6, 4, 5, 5, 4, 6, 3, 7, 2, 8, 1, 19],
      45,
      '091O1O1O1O1O1O1O1O;',
    ],
    ['half pixels', [0.5, 0.5, 0.5, 3.5, 3.5, 3.5, 3.5, 0.5], 5, 5, [6, 3, 2, 3, 2, 3, 6], 9, '6320004'],
  ])('%s', (_, polygon, height, width, counts, area, text) => {
    const mask = rle.fromPolygons([polygon], height, width);
    expect([...mask.counts]).toEqual(counts);
    expect(rle.area(mask)).toBe(area);
    expect(rle.toCompressed(mask).counts).toBe(text);
  });

  it.each([
    ['no polygon', []],
    ['a polygon without points', [[]]],
    ['a point', [[2, 2]]],
    ['two points', [[1, 1, 4, 3]]],
    ['three points on a line', [[0, 0, 2, 2, 4, 4]]],
    ['one point thrice', [[3, 3, 3, 3, 3, 3]]],
    ['a polygon beside the picture', [[-9, 0, -9, 5, -5, 5]]],
  ])('is empty for %s', (_, polygons) => {
    expect([...rle.fromPolygons(polygons, 5, 6).counts]).toEqual([30]);
  });

  it('fills the whole picture, however far the vertices', () => {
    const far = [-4e8, -4e8, -4e8, 4e8, 4e8, 4e8, 4e8, -4e8];
    expect([...rle.fromPolygons([far], 5, 6).counts]).toEqual([0, 30]);
  });
});

describe('properties', () => {
  const coordinate = fc.double({ min: -30, max: 60, noNaN: true });
  const polygons = fc.array(
    fc.array(fc.tuple(coordinate, coordinate), { maxLength: 9 }).map((p) => p.flat()),
    {
      maxLength: 3,
    },
  );

  it('does not depend on where the outline starts', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(coordinate, coordinate), { minLength: 1, maxLength: 9 }),
        fc.nat(8),
        (points, turn) => {
          const turned = [...points.slice(turn % points.length), ...points.slice(0, turn % points.length)];
          expect(rle.fromPolygons([turned.flat()], 23, 31)).toEqual(rle.fromPolygons([points.flat()], 23, 31));
        },
      ),
    );
  });

  it('is the union of its parts and keeps to the picture', () => {
    fc.assert(
      fc.property(polygons, (parts) => {
        const whole = rle.fromPolygons(parts, 23, 31);
        expect(rle.decode(whole)).toHaveLength(23 * 31);
        if (parts.length > 0) expect(whole).toEqual(rle.merge(parts.map((part) => rle.fromPolygons([part], 23, 31))));
      }),
    );
  });

  it('equals the walk along the whole outline', () => {
    fc.assert(
      fc.property(polygons, (parts) => {
        const [height, width] = [23, 31];
        for (const part of parts) {
          expect([...rle.fromPolygons([part], height, width).counts]).toEqual(walked(part, height, width));
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('rejects', () => {
  it.each([
    ['half a point', [[1, 2, 3]], 'rle.fromPolygons: polygon 0 must have an even number of coordinates, got 3'],
    ['NaN', [[], [1, NaN]], 'rle.fromPolygons: polygon 1 must have coordinates within ±4e8, got NaN'],
    [
      'a coordinate beyond all',
      [[1, 1e9]],
      'rle.fromPolygons: polygon 0 must have coordinates within ±4e8, got 1000000000',
    ],
    ['text', [['1', 2]] as unknown as number[][], /within ±4e8, got 1/],
    ['no list', [null] as unknown as number[][], /polygon 0 must be a list of coordinates, got null/],
  ])('%s', (_, polygons, message) => {
    expect(() => rle.fromPolygons(polygons, 5, 5)).toThrow(message);
    expect(() => rle.fromPolygons(polygons, 5, 5)).toThrow(CovpoolError);
  });

  it('an outline that fills the memory', () => {
    const zigzag = Array.from({ length: 20 }, (_, i) => [i % 2 ? 4e8 : 0, i]).flat();
    expect(() => rle.fromPolygons([zigzag], 1, 2 ** 30)).toThrow(
      'rle.fromPolygons: polygon 0 must cross the middles of at most 2^24 pixel columns, got 20 points over 1073741824',
    );
  });

  it('a box of three numbers', () => {
    expect(() => rle.fromBoxes([[1, 2, 3]], 5, 5)).toThrow(/box 0 must be \[x, y, width, height\], got 3 numbers/);
  });
});

/** Spec §8 to the letter: every step of the outline, then those at the middles of the columns. */
function walked(xy: number[], height: number, width: number): number[] {
  const corners = xy.length / 2;
  const at = (i: number): number => Math.trunc(5 * xy[i]! + 0.5);
  const path: [number, number][] = [];
  for (let j = 0; j < corners; j++) {
    const next = (j + 1) % corners;
    let [xs, ys, xe, ye] = [at(2 * j), at(2 * j + 1), at(2 * next), at(2 * next + 1)];
    const [dx, dy] = [Math.abs(xe - xs), Math.abs(ye - ys)];
    const flip = dx >= dy ? xs > xe : ys > ye;
    if (flip) [xs, ys, xe, ye] = [xe, ye, xs, ys];
    const steps = Math.max(dx, dy);
    for (let d = 0; d <= steps; d++) {
      const t = flip ? steps - d : d;
      if (dx >= dy) path.push([xs + t, Math.trunc(ys + ((ye - ys) / dx) * t + 0.5)]);
      else path.push([Math.trunc(xs + ((xe - xs) / dy) * t + 0.5), ys + t]);
    }
  }
  const places: number[] = [];
  for (let j = 1; j < path.length; j++) {
    const [[u0, v0], [u, v]] = [path[j - 1]!, path[j]!];
    const x = (Math.min(u, u0) + 0.5) / 5 - 0.5;
    if (u === u0 || !Number.isInteger(x) || x < 0 || x > width - 1) continue;
    places.push(x * height + Math.ceil(Math.min(Math.max((Math.min(v, v0) + 0.5) / 5 - 0.5, 0), height)));
  }
  places.push(height * width);
  places.sort((a, b) => a - b);
  const gaps = places.map((p, i) => p - (places[i - 1] ?? 0));
  const counts = [gaps[0]!];
  for (let j = 1; j < gaps.length; j++) {
    if (gaps[j]! > 0) counts.push(gaps[j]!);
    else if (++j < gaps.length) counts[counts.length - 1]! += gaps[j]!;
  }
  return counts;
}
