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
import { grad, mul, sum, type Tensor, tensor, zeros } from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { covariance } from './covariance.ts';
import { triuCovariance } from './triu-covariance.ts';
import type { TriuOrder } from './triu-places.ts';
import { triuVectorize } from './triu.ts';

const orders = ['rows', 'columns'] as const;

describeEngines('triuCovariance', () => {
  describe('values', () => {
    it('of four points on the axes is half the identity (spec 1.5)', () =>
      expectClose(triuCovariance(tensor([1, 0, 0, 1, -1, 0, 0, -1], [1, 4, 2])), [0.5, 0, 0.5], { relative: 0 }));

    it.each([
      [12, 5],
      [4, 9],
      [1, 3],
      [6, 1],
    ])('is that of the definition, %i positions, %i channels', async (m, d) => {
      const x = seededTensor([2, m, d], 'triu covariance');
      const values = await x.data();
      const pictures = [values.slice(0, m * d), values.slice(m * d)];
      const sigmas = pictures.map((picture) => covarianceOracle(toMatrix(picture, d)));
      await expectClose(triuCovariance(x), sigmas.flatMap(triu));
      const columns = sigmas.flatMap((sigma) => sigma.flatMap((row, i) => row.slice(0, i + 1)));
      await expectClose(triuCovariance(x, { order: 'columns' }), columns);
    });
  });

  describe('properties', () => {
    it.each(orders)('is the triangle of the covariance, order %s', async (order) => {
      const x = seededTensor([3, 4, 5, 6], 'map');
      await expectClose(triuCovariance(x, { order }), await triuVectorize(covariance(x), { order }).data());
    });
  });

  describe('gradient', () => {
    it.each(orders)('is the derivative of the definition, order %s', async (order: TriuOrder) => {
      const [m, d] = [5, 4];
      const [x, g] = [seededTensor([1, m, d], 'x'), seededTensor([1, 10], 'g')];
      const weights = await g.data();
      const loss = (values: number[]): number => {
        const sigma = covarianceOracle(toMatrix(values, d));
        const vector = order === 'rows' ? triu(sigma) : sigma.flatMap((row, i) => row.slice(0, i + 1));
        return vector.reduce((total, value, k) => total + value * weights[k]!, 0);
      };
      const gradient = grad((features: Tensor) => sum(mul(triuCovariance(features, { order }), g)))(x);
      await expectClose(gradient, numericGradient(loss, await x.data()));
    });
  });

  describe('rejects', () => {
    it('features without positions, and an unknown order', async () => {
      await expectCovpoolError(() => triuCovariance(zeros([2, 3])), 'bad-argument', /triuCovariance: features must be/);
      await expectCovpoolError(
        () => triuCovariance(zeros([1, 2, 2]), { order: 'row' as TriuOrder }),
        'bad-argument',
        /triuCovariance: .*row.*rows/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([2, 4, 3], 'memory');
      await expectNoLeak(() => triuCovariance(x).dispose());
      await expectNoLeak(() => grad((features: Tensor) => sum(triuCovariance(features)))(x).dispose());
    });
  });
});
