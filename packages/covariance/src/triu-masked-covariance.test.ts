import {
  covarianceOracle,
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  numericGradient,
  seededTensor,
  toMatrix,
  triu,
} from '@covpool/testing';
import { grads, mul, ones, sum, type Tensor, tensor, type Tensor2D, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { triuCovariance } from './triu-covariance.ts';
import { triuMaskedCovariance } from './triu-masked-covariance.ts';

const [B, M, D] = [3, 7, 6];
const LENGTH = (D * (D + 1)) / 2;
/** Some channels kept, all, none. */
const masks = [0, 2.5, 0, 2.5, 2.5, 0, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0];
const mask = (): Tensor2D => tensor(masks, [B, D]);
const features = (): Tensor => seededTensor([B, M, D], 'features');
/** One of them zero where the mask keeps the channel. */
const weights = (): Tensor2D => tensor([1.5, -2, 0.25, 0, 3, 1, ...new Array<number>(12).fill(0.75)], [B, D]);

/** By the definition, in float64. */
function oracle(x: ArrayLike<number>, w: ArrayLike<number>, m: ArrayLike<number>): number[] {
  return Array.from({ length: B }, (_, b) => {
    const rows = toMatrix(Array.from(x).slice(b * M * D, (b + 1) * M * D), D);
    return triu(covarianceOracle(rows.map((row) => row.map((value, c) => value * w[b * D + c]! * m[b * D + c]!))));
  }).flat();
}

describeEngines('triuMaskedCovariance', () => {
  describe('values', () => {
    it('weighs the channels', () =>
      expectClose(
        triuMaskedCovariance(tensor([1, 0, 0, 1, -1, 0, 0, -1], [1, 4, 2]), tensor([[1, 2]]), tensor([[1, 1]])),
        [0.5, 0, 2],
      ));

    it('is that of the definition, with some, all and none of the channels kept', async () => {
      const [x, w] = [features(), weights()];
      const v = triuMaskedCovariance(x, w, mask());
      await expectClose(v, oracle(await x.data(), await w.data(), masks));
      expect(new Set(Array.from(await v.data()).slice(2 * LENGTH))).toEqual(new Set([0]));
    });
  });

  describe('properties', () => {
    it('is that of the scaled features, on any shape', () =>
      fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 4 }),
          fc.integer({ min: 1, max: 20 }),
          fc.integer({ min: 1, max: 20 }),
          fc.integer({ min: 0, max: 3 }),
          async (batch, positions, channels, every) => {
            const x = seededTensor([batch, positions, channels], 'any', positions);
            const factors = Array.from({ length: batch * channels }, (_, i) => Number(every === 0 || i % every > 0));
            const m = tensor(factors, [batch, channels]) as Tensor2D;
            const scaled = mul(x, tensor(factors, [batch, 1, channels]));
            await expectClose(
              triuMaskedCovariance(x, ones([batch, channels]), m),
              await triuCovariance(scaled).data(),
              {
                absolute: 1e-6,
              },
            );
          },
        ),
        { seed: 3, numRuns: 20 },
      ));
  });

  describe('gradient', () => {
    it('is the derivative of the definition in features and weights, and nothing in the mask', async () => {
      const [x, w, m, g] = [features(), weights(), mask(), seededTensor([B, LENGTH], 'g')];
      const target = await g.data();
      const loss = (values: ArrayLike<number>, factors: ArrayLike<number>): number =>
        oracle(values, factors, masks).reduce((total, value, k) => total + value * target[k]!, 0);
      const gradients = grads((a: Tensor, b: Tensor, c: Tensor) =>
        sum(mul(triuMaskedCovariance(a, b as Tensor2D, c as Tensor2D), g)),
      );
      const [dx, dw, dm] = gradients([x, w, m]);
      const [values, factors] = [await x.data(), await w.data()];
      await expectClose(
        dx!,
        numericGradient((v) => loss(v, factors), values),
      );
      await expectClose(
        dw!,
        numericGradient((v) => loss(values, v), factors),
      );
      await expectClose(dm!, new Array<number>(B * D).fill(0), { relative: 0 });
    });
  });

  describe('rejects', () => {
    it('weights and masks of other images, and features without positions', async () => {
      const [x, w] = [zeros([2, 3, 4]), zeros([2, 4]) as Tensor2D];
      await expectCovpoolError(
        () => triuMaskedCovariance(x, zeros([3, 4]), w),
        'bad-argument',
        /triuMaskedCovariance: weights must be \[B,d\] = \[2,4\] like the features, got \[3,4\]/,
      );
      await expectCovpoolError(
        () => triuMaskedCovariance(x, w, zeros([2, 5])),
        'bad-argument',
        /triuMaskedCovariance: mask must be \[B,d\] = \[2,4\] like the features, got \[2,5\]/,
      );
      await expectCovpoolError(
        () => triuMaskedCovariance(zeros([2, 4]), w, w),
        'bad-argument',
        /triuMaskedCovariance: features must be/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [x, w, m] = [features(), weights(), mask()];
      await expectNoLeak(() => triuMaskedCovariance(x, w, m).dispose());
      const gradients = grads((a: Tensor, b: Tensor) => sum(triuMaskedCovariance(a, b as Tensor2D, m)));
      await expectNoLeak(() => gradients([x, w]).forEach((gradient) => gradient.dispose()));
    });
  });
});
