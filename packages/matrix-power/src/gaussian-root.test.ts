import { pooling } from '@covpool/core';
import { gaussianEmbedding, triuVectorize } from '@covpool/covariance';
import {
  covarianceOracle,
  describeEngines,
  eigen,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  flatten,
  type Matrix,
  newtonSchulzOracle,
  numericGradient,
  seededTensor,
  tolerance,
  toMatrix,
} from '@covpool/testing';
import { fill, grad, mul, sum, type Tensor, tensor, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { gaussianPooling } from './gaussian-pooling.ts';
import { isqrtGaussian } from './gaussian-root.ts';
import { newtonSchulzSqrt } from './newton-schulz-sqrt.ts';

/** [positions, channels]: both sides of the choice, its edges, one position. */
const shapes: [number, number][] = [
  [4, 8],
  [9, 4],
  [5, 5],
  [6, 5],
  [1, 3],
];

/** Four points around a mean with covariance I. */
const around = (mu: [number, number]): Tensor => {
  const r = Math.SQRT2;
  return tensor(
    [
      [r, 0],
      [-r, 0],
      [0, r],
      [0, -r],
    ].flatMap(([p, q]) => [p! + mu[0], q! + mu[1]]),
    [1, 4, 2],
  );
};

/** `[[Σ + β²μμᵀ, βμ], [βμᵀ, 1]]`. */
function embeddingOracle(x: Matrix, beta: number): Matrix {
  const sigma = covarianceOracle(x);
  const mu = sigma.map((_, j) => (beta * x.reduce((total, row) => total + row[j]!, 0)) / x.length);
  return [...sigma.map((row, i) => [...row.map((value, j) => value + mu[i]! * mu[j]!), mu[i]!]), [...mu, 1]];
}

describeEngines('isqrtGaussian', () => {
  describe('values', () => {
    it('of mean (1,0) and covariance I is the computed root (spec 4.1)', async () => {
      const root = isqrtGaussian(around([1, 0]), { iterations: 12 });
      const expected = [1.341641, 0, 0.447214, 0, 1, 0, 0.447214, 0, 0.894427];
      await expectClose(root, expected);
      const { values } = eigen(toMatrix(await root.data(), 3));
      await expectClose(
        values.map((value) => value * value),
        [2.618034, 1, 0.381966],
      );
    });

    it('of mean 0 and covariance I is the identity (spec 4.1)', () =>
      expectClose(isqrtGaussian(around([0, 0]), { iterations: 12 }), [1, 0, 0, 0, 1, 0, 0, 0, 1]));

    it.each(shapes)('is the Newton–Schulz root of the embedding, %i positions, %i channels', async (m, d) => {
      const x = seededTensor([2, m, d], 'gaussian', m, d);
      const values = toMatrix(await x.data(), d);
      for (const norm of ['trace', 'frobenius'] as const) {
        for (const beta of [1, 0.3]) {
          const expected = [values.slice(0, m), values.slice(m)].flatMap((rows) =>
            flatten(newtonSchulzOracle(embeddingOracle(rows, beta), 5, norm)),
          );
          await expectClose(isqrtGaussian(x, { beta, norm }), expected);
        }
      }
    });
  });

  describe('properties', () => {
    it.each(shapes)('is embedding and root in a row, %i positions, %i channels', async (m, d) => {
      const x = seededTensor([2, m, d], 'row', m, d);
      const w = seededTensor([2, d + 1, d + 1], 'row weights', d);
      const parts = (features: Tensor) => newtonSchulzSqrt(gaussianEmbedding(features, { beta: 2 }));
      const fused = (features: Tensor) => isqrtGaussian(features, { beta: 2 });
      await expectClose(fused(x), await parts(x).data());
      const gradient = grad((features: Tensor) => sum(mul(fused(features), w)))(x);
      await expectClose(gradient, await grad((features: Tensor) => sum(mul(parts(features), w)))(x).data(), {
        // Both are float32.
        relative: 2 * tolerance(),
      });
    });

    it('has the length (d+1)(d+2)/2 as a pooling, and is the upper triangle', async () => {
      expect(gaussianPooling().computeOutputShape([null, 14, 14, 256])).toEqual([null, 33153]);
      const x = seededTensor([2, 3, 3, 4], 'pooling');
      const descriptor = gaussianPooling({ beta: 0.5, norm: 'frobenius' }).apply(x) as Tensor;
      const root = isqrtGaussian(x, { beta: 0.5, norm: 'frobenius' });
      await expectClose(descriptor, await triuVectorize(root).data(), { relative: 0 });
    });

    it.each([
      [2, 2],
      [4, 4],
    ])('trains, saves and reloads, %i×%i positions', (h, w) =>
      expectTrainsAndReloads(
        () => [pooling('gaussian', { dim: 6, beta: 0.5, recompute: true, name: 'pool', inputShape: [h, w, 8] })],
        [h, w, 8],
      ),
    );
  });

  describe('gradient', () => {
    it.each(shapes)('is the derivative of the formula, %i positions, %i channels', async (m, d) => {
      const x = seededTensor([1, m, d], 'gradient', m, d);
      const weights = seededTensor([1, d + 1, d + 1], 'gradient weights', d);
      const w = await weights.data();
      for (const beta of [1, 0.5]) {
        const loss = (values: number[]) =>
          flatten(newtonSchulzOracle(embeddingOracle(toMatrix(values, d), beta), 5)).reduce(
            (total, value, i) => total + value * w[i]!,
            0,
          );
        const gradient = grad((features: Tensor) => sum(mul(isqrtGaussian(features, { beta }), weights)))(x);
        await expectClose(gradient, numericGradient(loss, await x.data()), { relative: 2 * tolerance() });
      }
    });

    it('is finite for a constant picture and for zeros', async () => {
      for (const value of [0, 3]) {
        const x = fill([1, 5, 4], value);
        const gradient = await grad((features: Tensor) => sum(isqrtGaussian(features)))(x).data();
        expect(gradient.every(Number.isFinite)).toBe(true);
        expect([...(await isqrtGaussian(x).data())].every(Number.isFinite)).toBe(true);
      }
    });
  });

  describe('rejects', () => {
    it('what it cannot compute, by the name of the layer', async () => {
      await expectCovpoolError(() => isqrtGaussian(zeros([2, 5])), 'bad-argument', /features must be \[B,M,d\]/);
      await expectCovpoolError(() => isqrtGaussian(zeros([1, 2, 2]), { beta: 0 }), 'bad-argument', /beta .* got 0/);
      await expectCovpoolError(() => gaussianPooling({ name: 'head', beta: -1 }), 'bad-argument', /^head: beta/);
      await expectCovpoolError(
        () => gaussianPooling({ name: 'head', iterations: 0 }),
        'bad-argument',
        /^head: iterations/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      for (const [m, d] of [shapes[0]!, shapes[1]!]) {
        const x = seededTensor([2, m, d], 'memory');
        await expectNoLeak(() => isqrtGaussian(x).dispose());
        await expectNoLeak(() => grad((features: Tensor) => sum(isqrtGaussian(features)))(x).dispose());
      }
    });
  });
});
