import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rle } from './index.ts';
import { masks, pairs } from './testing.fixture.ts';

describe('values', () => {
  // Spec §9: the polygons (1,1)-(5,4) and (3,2)-(7,5) on 6×8.
  const [a, b] = [rle.fromBoxes([[1, 1, 4, 3]], 6, 8)[0]!, rle.fromBoxes([[3, 2, 4, 3]], 6, 8)[0]!];

  it('IoU, and that with a crowd', () => {
    expect(rle.iou([a], [b])[0]).toBe(4 / 20);
    expect(rle.iou([a], [b], [1])[0]).toBe(4 / 12);
    expect([...rle.iou([a, b], [b, a], [true, false])]).toEqual([4 / 12, 1, 1, 4 / 20]);
  });

  it('is 0 for empty masks, also against themselves', () => {
    const empty = rle.parse({ size: [6, 8], counts: [48] });
    expect([...rle.iou([empty, a], [empty, a])]).toEqual([0, 0, 0, 1]);
    expect(rle.toBox(empty)).toEqual([0, 0, 0, 0]);
  });

  it('gives nothing for nothing', () => {
    expect([rle.iou([], [a]), rle.iou([a], [])]).toEqual([new Float64Array(0), new Float64Array(0)]);
  });

  it('finds the box of runs that go on in the next column, and of runs of length 0', () => {
    expect(rle.toBox({ size: [4, 4], counts: [5, 5, 6] })).toEqual([1, 0, 2, 4]);
    expect(rle.toBox({ size: [4, 4], counts: [5, 2, 9, 0] })).toEqual([1, 1, 1, 2]);
    expect(rle.toBox({ size: [4, 4], counts: [0, 0, 5, 2, 9] })).toEqual([1, 1, 1, 2]);
  });
});

describe('properties', () => {
  it('area and box are those of the pixels', () => {
    fc.assert(
      fc.property(masks, ({ pixels, height, width }) => {
        const mask = rle.encode(pixels, height, width);
        const set = [...pixels.keys()].filter((i) => pixels[i]);
        const [xs, ys] = [set.map((i) => Math.floor(i / height)), set.map((i) => i % height)];
        const [left, top] = [Math.min(...xs), Math.min(...ys)];
        const box = [left, top, Math.max(...xs) - left + 1, Math.max(...ys) - top + 1];
        expect(rle.area(mask)).toBe(set.length);
        expect(rle.toBox(mask)).toEqual(set.length > 0 ? box : [0, 0, 0, 0]);
      }),
    );
  });

  it('union, intersection and IoU are those of the pixels', () => {
    fc.assert(
      fc.property(pairs, fc.boolean(), ([a, b], crowd) => {
        const [ma, mb] = [a, b].map(({ pixels, height, width }) => rle.encode(pixels, height, width));
        const any = a.pixels.map((v, i) => v | b.pixels[i]!);
        const all = a.pixels.map((v, i) => v & b.pixels[i]!);
        expect(rle.merge([ma!, mb!])).toEqual(rle.encode(any, a.height, a.width));
        expect(rle.merge([ma!, mb!], { intersect: true })).toEqual(rle.encode(all, a.height, a.width));
        const count = (mask: Uint8Array): number => mask.reduce((sum, v) => sum + v, 0);
        const iou = count(all) === 0 ? 0 : count(all) / count(crowd ? a.pixels : any);
        expect(rle.iou([ma!], [mb!], [crowd])[0]).toBe(iou);
      }),
    );
  });
});

describe('rejects', () => {
  const [small, large] = [rle.encode([1], 1, 1), rle.encode([1, 1], 2, 1)];
  it.each([
    ['masks of two sizes', () => rle.iou([small], [large]), 'rle.iou: masks must have one size, got 1×1 and 2×1'],
    ['a union of two sizes', () => rle.merge([small, large]), 'rle.merge: masks must have one size, got 1×1 and 2×1'],
    ['a union of nothing', () => rle.merge([]), 'rle.merge: at least one mask is required, got none'],
    ['a missing flag', () => rle.iou([small], [small], []), /one crowd flag per ground truth is required \(1\), got 0/],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
