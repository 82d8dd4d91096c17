import { describeEngines, expectClose, expectNoLeak, seededTensor } from '@covpool/testing';
import { grad, maxPool, mul, type Rank, sum, type Tensor, type Tensor4D, tensor4d } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

/** Maxima of a 3×3 window every two steps over a 4×4 picture with a border of one, and where each came from. */
const values = [7, 3, 9, 1, 2, 8, 4, 6, 5, 0, 11, 13, 15, 12, 10, 14].map((value) => value - 20);
const window = { size: 3, strides: 2, padding: 1 };
const starts = [-1, 1];

function oracle(): { maxima: number[]; from: number[] } {
  const from = starts.flatMap((top) =>
    starts.map((left) => {
      const inside = [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => [top + i, left + j] as const));
      const places = inside.filter(([i, j]) => i >= 0 && j >= 0 && i < 4 && j < 4).map(([i, j]) => 4 * i + j);
      return places.reduce((best, place) => (values[place]! > values[best]! ? place : best));
    }),
  );
  return { maxima: from.map((place) => values[place]!), from };
}

const pooled = (x: Tensor): Tensor => maxPool(x as Tensor4D, window.size, window.strides, window.padding, 'floor');

describeEngines('max pooling with padding in numbers', () => {
  describe('values', () => {
    it('sees less than any number around the picture', () =>
      expectClose(pooled(tensor4d(values, [1, 4, 4, 1])), oracle().maxima, { relative: 0 }));
  });

  describe('properties', () => {
    it('of equal numbers one has the gradient', async () => {
      const loss = (x: Tensor): Tensor => sum(pooled(x));
      const slope = [...(await grad(loss)(tensor4d(new Array<number>(16).fill(0), [1, 4, 4, 1])).data())];
      // Which one is the backend's choice; a window gives 1 once.
      expect(slope.reduce((total, value) => total + value)).toBe(4);
      expect(slope.every((value) => value >= 0 && Number.isInteger(value))).toBe(true);
    });
  });

  describe('gradient', () => {
    it('goes to where the largest came from', async () => {
      const slope = [2, 3, 5, 7];
      const expected = new Array<number>(16).fill(0);
      oracle().from.forEach((place, i) => (expected[place]! += slope[i]!));
      const loss = (x: Tensor): Tensor => sum(mul(pooled(x), tensor4d(slope, [1, 2, 2, 1])));
      await expectClose(grad(loss)(tensor4d(values, [1, 4, 4, 1])), expected, { relative: 0 });
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', () =>
      expectNoLeak(() => {
        const x = seededTensor<Rank.R4>([2, 6, 6, 3], 'pool');
        const slope = grad((value: Tensor) => sum(pooled(value)))(x);
        x.dispose();
        slope.dispose();
      }));
  });
});
