import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  inner,
  type Matrix,
  numericGradient,
  seededTensor,
  seededValues,
  toMatrix,
} from '@covpool/testing';
import { grad, mul, sum, type Tensor, tensor, type Tensor4D, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { adaptiveAveragePool } from './adaptive-average-pool.ts';
import { adaptivePoolOracle } from './oracle.fixture.ts';

const sizes = [
  [5, 7, 3, 2],
  [2, 3, 8, 8],
  [14, 14, 8, 8],
  [8, 8, 14, 14],
  [1, 1, 3, 2],
  [6, 4, 1, 1],
] as const;

/** One picture of one channel. */
const picture = (values: Matrix): Tensor4D => tensor(values.flat(), [1, values.length, values[0]!.length, 1]);

describeEngines('adaptiveAveragePool', () => {
  describe('values', () => {
    it('averages rows ⌊i·H/h⌋ to ⌈(i+1)·H/h⌉ − 1 (spec 7.3)', async () => {
      // Five rows to three: rows 0–1, 1–3, 3–4.
      await expectClose(adaptiveAveragePool(picture([[1], [2], [4], [8], [16]]), [3, 1]), [1.5, 14 / 3, 12]);
      // Three columns to two: columns 0–1, 1–2.
      await expectClose(adaptiveAveragePool(picture([[1, 2, 4]]), [1, 2]), [1.5, 3]);
    });

    it('repeats values where the size is a multiple (spec 7.3)', () =>
      expectClose(adaptiveAveragePool(picture([[1, 2]]), [2, 4]), [1, 1, 2, 2, 1, 1, 2, 2], { relative: 0 }));

    it.each(sizes)('is that of the definition, %i×%i to %i×%i', async (height, width, h, w) => {
      const x = seededTensor([2, height, width, 3], 'pool', height, w) as Tensor4D;
      const values = [...(await x.data())];
      const expected = Array.from({ length: 2 * h * w * 3 }, () => 0);
      for (let b = 0; b < 2; b++) {
        for (let c = 0; c < 3; c++) {
          const plane = values.filter((_, i) => i % 3 === c).slice(b * height * width, (b + 1) * height * width);
          const pooled = adaptivePoolOracle(toMatrix(plane, width), h, w).flat();
          for (const [i, value] of pooled.entries()) expected[(b * h * w + i) * 3 + c] = value;
        }
      }
      await expectClose(adaptiveAveragePool(x, [h, w]), expected);
    });
  });

  describe('properties', () => {
    it('keeps constants, and a map of the size asked for', () =>
      fc.assert(
        fc.asyncProperty(fc.tuple(...[1, 2, 3, 4].map(() => fc.integer({ min: 1, max: 9 }))), async ([a, b, h, w]) => {
          const constant = Array.from({ length: a! }, () => new Array<number>(b!).fill(3));
          await expectClose(adaptiveAveragePool(picture(constant), [h!, w!]), new Array<number>(h! * w!).fill(3));
          const map = seededValues(a! * b!, 'same', a!);
          await expectClose(adaptiveAveragePool(picture(toMatrix(map, b!)), [a!, b!]), map, { relative: 0 });
        }),
        { seed: 7, numRuns: 20 },
      ));
  });

  describe('gradient', () => {
    it.each(sizes)('is the derivative of the definition, %i×%i to %i×%i', async (height, width, h, w) => {
      const x = seededTensor([1, height, width, 1], 'x', h);
      const g = seededTensor([1, h, w, 1], 'g', w);
      const weights = toMatrix(await g.data(), w);
      const value = (plane: number[]) => inner(adaptivePoolOracle(toMatrix(plane, width), h, w), weights);
      const ours = grad((map: Tensor) => sum(mul(adaptiveAveragePool(map as Tensor4D, [h, w]), g)))(x);
      await expectClose(ours, numericGradient(value, await x.data()));
    });
  });

  describe('rejects', () => {
    it('what is not a map, and useless sizes', async () => {
      const map: Tensor4D = zeros([1, 2, 2, 1]);
      await expectCovpoolError(
        () => adaptiveAveragePool(zeros([2, 2, 1]) as unknown as Tensor4D, [1, 1]),
        'bad-argument',
        /adaptiveAveragePool: features must be \[B,H,W,C\].* got \[2,2,1\]/,
      );
      await expectCovpoolError(
        () => adaptiveAveragePool(zeros([1, 0, 2, 1]), [1, 1]),
        'bad-argument',
        /got \[1,0,2,1\]/,
      );
      await expectCovpoolError(() => adaptiveAveragePool(map, [0, 1]), 'bad-argument', /whole numbers, got \[0,1\]/);
      await expectCovpoolError(
        () => adaptiveAveragePool(map, [1, 1.5]),
        'bad-argument',
        /whole numbers, got \[1,1.5\]/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([2, 5, 4, 3], 'memory') as Tensor4D;
      await expectNoLeak(() => adaptiveAveragePool(x, [3, 3]).dispose());
      await expectNoLeak(() => grad((map: Tensor) => sum(adaptiveAveragePool(map as Tensor4D, [3, 3])))(x).dispose());
    });
  });
});
