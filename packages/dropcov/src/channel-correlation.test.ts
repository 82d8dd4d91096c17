import { covarianceOracle, describeEngines, expectClose, expectNoLeak, seededTensor, toMatrix } from '@covpool/testing';
import { fill, grad, mul, type Rank, sum, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { channelCorrelation } from './channel-correlation.ts';

describeEngines('channelCorrelation', () => {
  describe('values', () => {
    it.each([
      [9, 12],
      [4, 17],
      [20, 3],
      [1, 5],
    ])('are row sums of the covariance of weighted features, %i positions, %i channels', async (m, d) => {
      const [x, w] = [seededTensor<Rank.R3>([2, m, d], 'x'), seededTensor<Rank.R2>([2, d], 'w')];
      const [values, weights] = [await x.data(), toMatrix(await w.data(), d)];
      const expected = weights.flatMap((own, b) => {
        const rows = toMatrix(values.slice(b * m * d, (b + 1) * m * d), d);
        const sigma = covarianceOracle(rows.map((row) => row.map((value, c) => value * own[c]!)));
        return sigma.map((row) => row.reduce((total, value) => total + value, 0));
      });
      // The d sums cancel: each errs by roundings of the d·|entries| that it is of.
      await expectClose(channelCorrelation(x, w), expected, { absolute: 1e-6 * d });
    });
  });

  describe('properties', () => {
    it('are 0 for features without variance', () =>
      expectClose(
        channelCorrelation(fill<Rank.R3>([1, 8, 6], 0.5), fill<Rank.R2>([1, 6], 2)),
        new Array<number>(6).fill(0),
        { relative: 0 },
      ));
  });

  describe('gradient', () => {
    it('is none', async () => {
      const [x, w] = [seededTensor<Rank.R3>([1, 4, 3], 'x'), seededTensor<Rank.R2>([1, 3], 'w')];
      const gradient = grad((b: Tensor) => sum(mul(b, channelCorrelation(x, b as Tensor2D))))(w);
      await expectClose(gradient, await channelCorrelation(x, w).data());
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', () => {
      const [x, w] = [seededTensor<Rank.R3>([1, 4, 3], 'x'), seededTensor<Rank.R2>([1, 3], 'w')];
      return expectNoLeak(() => channelCorrelation(x, w).dispose());
    });
  });
});
