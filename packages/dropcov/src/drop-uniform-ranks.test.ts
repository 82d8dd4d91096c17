import { describeEngines, expectClose, expectCovpoolError, expectNoLeak, seededTensor } from '@covpool/testing';
import { grad, mul, type Rank, sum, type Tensor, tensor2d, type Tensor2D, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ranksOf } from './ablation.fixture.ts';
import { dropUniformRanks } from './drop-uniform-ranks.ts';

describeEngines('dropUniformRanks', () => {
  describe('values', () => {
    it('are those of ranks 1, 3, 5, … or 1, 4, 7, … from the largest, which is 0 (spec 6.4)', async () => {
      const v = tensor2d([[10, 70, 30, 80, 20, 50, 60, 40]]); // ranks 7, 1, 5, 0, 6, 3, 2, 4
      await expectClose(dropUniformRanks(v), [10, 70, 30, 0, 0, 50, 0, 0], { relative: 0 });
      await expectClose(dropUniformRanks(v, { interval: 2 }), [10, 70, 0, 0, 0, 0, 0, 40], { relative: 0 });
    });

    it('are none of a single one, and zeros of zeros', async () => {
      await expectClose(dropUniformRanks(tensor2d([[4]])), [0], { relative: 0 });
      await expectClose(dropUniformRanks(zeros([2, 3])), new Array<number>(6).fill(0), { relative: 0 });
    });
  });

  describe('properties', () => {
    it.each([1, 2])('take every row by itself, at interval %i and 32,896 values (spec 6.4)', async (interval) => {
      const v = seededTensor<Rank.R2>([2, 32896], 'rows');
      const values = [...(await v.data())];
      const expected = [values.slice(0, 32896), values.slice(32896)].flatMap((row) => {
        const ranks = ranksOf(row);
        return row.map((value, i) => (ranks[i]! % (interval + 1) === 1 ? value : 0));
      });
      await expectClose(dropUniformRanks(v, { interval }), expected, { relative: 0 });
      expect(expected.filter((value) => value !== 0)).toHaveLength(2 * Math.ceil((32896 - 1) / (interval + 1)));
    });
  });

  describe('gradient', () => {
    it('goes to what is kept alone: the mask is a constant', async () => {
      const weights = tensor2d([[2, 3, 4, 5]]);
      const loss = (x: Tensor) => sum(mul(dropUniformRanks(x as Tensor2D), weights));
      await expectClose(grad(loss)(tensor2d([[3, -9, 1, 2]])), [0, 3, 0, 5], { relative: 0 });
    });
  });

  describe('rejects', () => {
    it('intervals that are none and matrices', async () => {
      for (const interval of [0, 1.5]) {
        await expectCovpoolError(
          () => dropUniformRanks(zeros([1, 3]), { interval }),
          'bad-argument',
          /dropUniformRanks: interval must be a positive whole number, got/,
        );
      }
      await expectCovpoolError(
        () => dropUniformRanks(zeros([1, 3, 3]) as unknown as Tensor2D),
        'bad-argument',
        /vectors must be \[B,F\], got \[1,3,3\]/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const v = seededTensor<Rank.R2>([2, 9], 'v');
      await expectNoLeak(() => dropUniformRanks(v).dispose());
      await expectNoLeak(() => grad((x: Tensor) => sum(dropUniformRanks(x as Tensor2D)))(v).dispose());
    });
  });
});
