import { describeEngines, expectClose, expectCovpoolError, expectNoLeak, seededTensor } from '@covpool/testing';
import { grad, mul, ones, type Rank, sum, type Tensor, tensor2d, type Tensor2D, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { dropUniform } from './drop-uniform.ts';

/** Where ones are kept, as one word per seed. */
async function masks(interval: number, length: number): Promise<string[]> {
  const words = [];
  for (let seed = 0; seed < 40; seed++) {
    words.push([...(await dropUniform(ones([1, length]), { interval, seed }).data())].join(''));
  }
  return [...new Set(words)].sort();
}

describeEngines('dropUniform', () => {
  describe('values', () => {
    it('at interval 1 are every second one, at 2 one of three, from every phase (spec 6.4)', async () => {
      expect(await masks(1, 8)).toEqual(['01010101', '10101010']);
      expect(await masks(2, 8)).toEqual(['00100100', '01001001', '10010010']);
    });

    it('are dropped alike in every row, and not scaled', async () => {
      const v = tensor2d([
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ]);
      const values = [...(await dropUniform(v, { seed: 3 }).data())];
      expect([
        [1, 0, 3, 0, 5, 0, 7, 0],
        [0, 2, 0, 4, 0, 6, 0, 8],
      ]).toContainEqual(values);
    });
  });

  describe('properties', () => {
    it('are a function of the seed', async () => {
      const v = seededTensor<Rank.R2>([2, 30], 'v');
      await expectClose(dropUniform(v, { seed: 9 }), await dropUniform(v, { seed: 9 }).data(), { relative: 0 });
    });
  });

  describe('gradient', () => {
    it('is the mask', async () => {
      const v = seededTensor<Rank.R2>([2, 6], 'v');
      const weights = seededTensor<Rank.R2>([2, 6], 'weights');
      const loss = (x: Tensor) => sum(mul(dropUniform(x as Tensor2D, { interval: 2, seed: 1 }), weights));
      await expectClose(grad(loss)(v), await dropUniform(weights, { interval: 2, seed: 1 }).data(), { relative: 0 });
    });
  });

  describe('rejects', () => {
    it('intervals that are none and matrices', async () => {
      await expectCovpoolError(
        () => dropUniform(zeros([1, 3]), { interval: -1 }),
        'bad-argument',
        /dropUniform: interval must be a positive whole number, got -1/,
      );
      await expectCovpoolError(
        () => dropUniform(zeros([1, 3, 3]) as unknown as Tensor2D),
        'bad-argument',
        /vectors must be \[B,F\], got \[1,3,3\]/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const v = seededTensor<Rank.R2>([2, 9], 'v');
      await expectNoLeak(() => dropUniform(v).dispose());
      await expectNoLeak(() => grad((x: Tensor) => sum(dropUniform(x as Tensor2D)))(v).dispose());
    });
  });
});
