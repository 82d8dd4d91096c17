import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  numericGradient,
  seededTensor,
} from '@covpool/testing';
import { grads, mul, ones, type Rank, sum, type Tensor, tensor2d, type Tensor2D, zeros } from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { ranksOf } from './ablation.fixture.ts';
import { hardAttention } from './hard-attention.ts';

const weights = () => tensor2d([[0.3, 0.9, 0.6, 0.1, 0.8, 0.5, 0.7]]); // ranks 5, 0, 3, 6, 1, 4, 2

describeEngines('hardAttention', () => {
  describe('values', () => {
    it.each([
      ['the larger half, rounded down', {}, [0, 0.9, 0, 0, 0.8, 0, 0.7]],
      ['the largest share', { share: 0.3 }, [0, 0.9, 0, 0, 0.8, 0, 0]],
      ['every other rank', { keep: 'uniform' }, [0, 0.9, 0, 0.1, 0, 0.5, 0.7]],
      ['every third rank', { keep: 'uniform', interval: 2 }, [0, 0.9, 0.6, 0.1, 0, 0, 0]],
    ] as const)('are the features by %s of the weights (spec 6.4)', async (_, options, expected) => {
      await expectClose(hardAttention(ones([1, 1, 7]), weights(), options), [...expected]);
    });

    it('take every image by itself, and every position alike', async () => {
      const w = tensor2d([
        [0.2, 0.4],
        [0.6, 0.5],
      ]);
      const expected = [0, 0.4, 0, 0.4, 0.6, 0, 0.6, 0];
      await expectClose(hardAttention(ones([2, 2, 1, 2]), w), expected);
    });
  });

  describe('properties', () => {
    it('keep half of equal weights', async () => {
      await expectClose(hardAttention(ones([1, 1, 4]), ones([1, 4])), [1, 1, 0, 0], { relative: 0 });
    });
  });

  describe('gradient', () => {
    it('is the derivative with the mask held, in features and weights', async () => {
      const [x, w] = [seededTensor([1, 3, 5], 'x'), seededTensor<Rank.R2>([1, 5], 'w')];
      const loss = seededTensor([1, 3, 5], 'loss');
      const [values, attended, targets] = [[...(await x.data())], [...(await w.data())], await loss.data()];
      const ranks = ranksOf(attended);
      const total = (v: number[], a: number[]) =>
        v.reduce((t, value, i) => t + (ranks[i % 5]! < 2 ? value * a[i % 5]! * targets[i]! : 0), 0);
      const [dx, dw] = grads((p: Tensor, q: Tensor) => sum(mul(hardAttention(p, q as Tensor2D), loss)))([x, w]);
      await expectClose(
        dx!,
        numericGradient((v) => total(v, attended), values),
      );
      await expectClose(
        dw!,
        numericGradient((v) => total(values, v), attended),
      );
    });
  });

  describe('rejects', () => {
    it('weights of other images and options that there are not', async () => {
      await expectCovpoolError(
        () => hardAttention(zeros([2, 3, 4]), zeros([2, 5])),
        'bad-argument',
        /hardAttention: weights must be \[B,d\] = \[2,4\] like the features, got \[2,5\]/,
      );
      await expectCovpoolError(
        () => hardAttention(zeros([2, 3, 4]), zeros([2, 4]), { keep: 'smallest' as 'largest' }),
        'bad-argument',
        /hardAttention: unknown keep 'smallest'; known: largest, uniform/,
      );
      await expectCovpoolError(
        () => hardAttention(zeros([2, 3, 4]), zeros([2, 4]), { share: 2 }),
        'bad-argument',
        /hardAttention: share must be above 0 and at most 1, got 2/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [x, w] = [seededTensor([1, 3, 7], 'x'), weights()];
      for (const keep of ['largest', 'uniform'] as const) {
        await expectNoLeak(() => hardAttention(x, w, { keep }).dispose());
      }
    });
  });
});
