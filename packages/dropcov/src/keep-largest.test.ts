import { describeEngines, expectClose, expectCovpoolError, expectNoLeak, seededTensor } from '@covpool/testing';
import fc from 'fast-check';
import { grad, mul, type Rank, sum, type Tensor, tensor2d, type Tensor2D, zeros } from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { ranksOf } from './ablation.fixture.ts';
import { keepLargest } from './keep-largest.ts';

const oracle = (row: number[], share: number): number[] => {
  const ranks = ranksOf(row);
  return row.map((value, i) => (ranks[i]! < Math.floor(row.length * share) ? value : 0));
};

describeEngines('keepLargest', () => {
  describe('values', () => {
    it('are the largest of each row, by value and not by magnitude (spec 6.4)', async () => {
      const v = tensor2d([
        [3, -9, 1, 2],
        [-1, -2, -3, -4],
      ]);
      await expectClose(keepLargest(v), [3, 0, 0, 2, -1, -2, 0, 0], { relative: 0 });
    });

    it.each([0.5, 0.7])('are a share of %d, rounded down (spec 6.4)', async (share) => {
      const v = seededTensor<Rank.R2>([1, 45], 'share');
      await expectClose(keepLargest(v, { share }), oracle([...(await v.data())], share), { relative: 0 });
    });

    it('are exactly so many where values are equal', async () => {
      await expectClose(keepLargest(tensor2d([[1, 1, 1, 1, 0]])), [1, 1, 0, 0, 0], { relative: 0 });
      await expectClose(keepLargest(zeros([1, 4])), [0, 0, 0, 0], { relative: 0 });
    });
  });

  describe('properties', () => {
    it('are those of a sort, whatever the values', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 60 }),
          fc.double({ min: 0.01, max: 1, noNaN: true }),
          async (row, share) => {
            // Engines do not order −0, and TensorFlow's threads take subnormal numbers for 0.
            const plain = row.map((value) => (Math.abs(value) < 2 ** -126 ? 0 : value));
            await expectClose(keepLargest(tensor2d([plain]), { share }), oracle(plain, share), { relative: 0 });
          },
        ),
        { seed: 5, numRuns: 50 },
      );
    });
  });

  describe('gradient', () => {
    it('goes to what is kept alone: the mask is a constant', async () => {
      const v = tensor2d([[3, -9, 1, 2]]);
      const weights = tensor2d([[2, 3, 4, 5]]);
      const loss = (x: Tensor) => sum(mul(keepLargest(x as Tensor2D), weights));
      await expectClose(grad(loss)(v), [2, 0, 0, 5], { relative: 0 });
    });
  });

  describe('rejects', () => {
    it('shares that are none and matrices', async () => {
      for (const share of [0, -1, 1.1, Number.NaN]) {
        await expectCovpoolError(
          () => keepLargest(zeros([1, 3]), { share }),
          'bad-argument',
          /keepLargest: share must be above 0 and at most 1, got/,
        );
      }
      await expectCovpoolError(
        () => keepLargest(zeros([1, 3, 3]) as unknown as Tensor2D),
        'bad-argument',
        /vectors must be \[B,F\], got \[1,3,3\]/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const v = seededTensor<Rank.R2>([2, 9], 'v');
      await expectNoLeak(() => keepLargest(v).dispose());
      await expectNoLeak(() => grad((x: Tensor) => sum(keepLargest(x as Tensor2D)))(v).dispose());
    });
  });
});
