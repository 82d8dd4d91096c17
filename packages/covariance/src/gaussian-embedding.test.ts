import {
  covarianceOracle,
  describeEngines,
  eigen,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  flatten,
  inner,
  type Matrix,
  numericGradient,
  plus,
  scale,
  seededMatrix,
  seededTensor,
  spectral,
  symmetrise,
  times,
  tolerance,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { fill, grad, mul, sum, type Tensor, tensor, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gaussianEmbedding, gaussianRows } from './gaussian-embedding.ts';
import { secondMoment } from './second-moment.ts';

const meanOf = (x: Matrix): number[] => x[0]!.map((_, j) => x.reduce((total, row) => total + row[j]!, 0) / x.length);

/** `[[Σ + β²μμᵀ, βμ], [βμᵀ, 1]]`, block by block. */
function oracle(x: Matrix, beta: number): Matrix {
  const mu = [meanOf(x)];
  const corner = plus(covarianceOracle(x), scale(times(transpose(mu), mu), beta ** 2));
  return [...corner.map((row, i) => [...row, beta * mu[0]![i]!]), [...mu[0]!.map((value) => beta * value), 1]];
}

const determinant = (a: Matrix): number => eigen(a).values.reduce((product, value) => product * value, 1);

/** Four rows of mean (1,0) and covariance I. */
const unitGaussian = [1 + Math.SQRT2, 0, 1 - Math.SQRT2, 0, 1, Math.SQRT2, 1, -Math.SQRT2];

describeEngines('gaussianEmbedding', () => {
  describe('values', () => {
    it('of mean (1,0) and covariance I have the tabulated eigenvalues and root (spec 4.1)', async () => {
      const e = toMatrix(await gaussianEmbedding(tensor(unitGaussian, [1, 4, 2])).data(), 3);
      await expectClose(flatten(e), [2, 0, 1, 0, 1, 0, 1, 0, 1]);
      await expectClose(eigen(e).values, [2.618034, 1, 0.381966], { absolute: 1e-6 });
      const root = [1.341641, 0, 0.447214, 0, 1, 0, 0.447214, 0, 0.894427];
      await expectClose(flatten(spectral(e, Math.sqrt)), root, { absolute: 1e-6 });
    });

    it('of mean 0 and covariance I is the identity (spec 4.1)', () => {
      const r = Math.SQRT2;
      return expectClose(
        gaussianEmbedding(tensor([r, 0, -r, 0, 0, r, 0, -r], [1, 4, 2]), { beta: 3 }),
        [1, 0, 0, 0, 1, 0, 0, 0, 1],
      );
    });

    it.each([0.3, 1, 2.5])('is that of the definition, β = %f', async (beta) => {
      const x = seededTensor([2, 2, 3, 4], 'gauss');
      const values = await x.data();
      const expected = [values.slice(0, 24), values.slice(24)].flatMap((part) =>
        oracle(toMatrix(part, 4), beta).flat(),
      );
      await expectClose(gaussianEmbedding(x, { beta }), expected);
    });

    it('of a constant picture is the outer product of [βμ, 1]', () =>
      expectClose(gaussianEmbedding(fill([1, 3, 3, 2], 2), { beta: 0.5 }), new Array<number>(9).fill(1)));

    it('is the second moment of its rows (spec 4.1)', async () => {
      const x = seededTensor([1, 6, 3], 'rows');
      const rows = gaussianRows(x, { beta: 0.7 });
      expect(rows.shape).toEqual([1, 6, 4]);
      await expectClose(secondMoment(rows), oracle(toMatrix(await x.data(), 3), 0.7).flat());
    });

    it('has 33,153 values in its triangle at d = 256 (spec 4.1)', () => {
      const [, side] = gaussianEmbedding(zeros([1, 2, 256])).shape;
      expect((side * (side + 1)) / 2).toBe(33_153);
    });
  });

  describe('properties', () => {
    const wild = fc.record({
      m: fc.integer({ min: 1, max: 9 }),
      d: fc.integer({ min: 1, max: 5 }),
      key: fc.nat(1000),
      beta: fc.double({ min: 0.1, max: 4, noNaN: true }),
    });

    it('is symmetric, positive semi-definite and blind to the order of the positions', () =>
      fc.assert(
        fc.asyncProperty(wild, async ({ m, d, key, beta }) => {
          const rows = seededMatrix(m, d, key);
          const e = toMatrix(await gaussianEmbedding(tensor(rows.flat(), [1, m, d]), { beta }).data(), d + 1);
          await expectClose(e.flat(), transpose(e).flat(), { relative: 1e-7 });
          const { values } = eigen(symmetrise(e));
          expect(values.at(-1)!).toBeGreaterThan(-tolerance() * values[0]!);
          await expectClose(gaussianEmbedding(tensor(rows.reverse().flat(), [1, m, d]), { beta }), e.flat());
        }),
        { seed: 4, numRuns: 25 },
      ));

    it.each([0.25, 1, 3])('has the determinant of Σ for every β, here %f (spec 4.1)', async (beta) => {
      const x = seededTensor([1, 9, 3], 'determinant');
      const e = toMatrix(await gaussianEmbedding(x, { beta }).data(), 4);
      const expected = determinant(covarianceOracle(toMatrix(await x.data(), 3)));
      // An error of the entries enters the smallest eigenvalue at most whole.
      const slack = (tolerance() * eigen(symmetrise(e)).values[0]!) / eigen(symmetrise(e)).values.at(-1)!;
      expect(Math.abs(determinant(symmetrise(e)) / expected - 1)).toBeLessThan(slack);
    });
  });

  describe('gradient', () => {
    it.each([
      [5, 3, 0.6],
      [2, 4, 1],
      [1, 2, 2],
    ])('is the derivative of the definition, %i positions, %i channels, β = %f', async (m, d, beta) => {
      const [x, g] = [seededTensor([1, m, d], 'x', m), seededTensor([1, d + 1, d + 1], 'g', d)];
      const weights = toMatrix(await g.data(), d + 1);
      const numeric = numericGradient((values) => inner(oracle(toMatrix(values, d), beta), weights), await x.data());
      await expectClose(grad((features: Tensor) => sum(mul(gaussianEmbedding(features, { beta }), g)))(x), numeric);
    });

    it('is 2XP/M of the centred rows and dμ/M, with dμ = 2β²Pμ + 2βq (spec 4.1)', async () => {
      const [m, d, beta] = [6, 3, 0.6];
      const [x, g] = [seededTensor([1, m, d], 'x'), seededTensor([1, d + 1, d + 1], 'g')];
      const rows = toMatrix(await x.data(), d);
      const full = symmetrise(toMatrix(await g.data(), d + 1));
      const [p, q] = [full.slice(0, d).map((row) => row.slice(0, d)), full.slice(0, d).map((row) => row[d]!)];
      const mu = meanOf(rows);
      const centred = rows.map((row) => row.map((value, j) => value - mu[j]!));
      const dMu = times(p, transpose([mu])).map(([value], j) => 2 * beta ** 2 * value! + 2 * beta * q[j]!);
      const expected = times(centred, p).map((row) => row.map((value, j) => (2 * value + dMu[j]!) / m));
      await expectClose(
        grad((features: Tensor) => sum(mul(gaussianEmbedding(features, { beta }), g)))(x),
        expected.flat(),
      );
    });
  });

  describe('rejects', () => {
    it.each([0, -1, Number.NaN, Infinity])('β = %f', (beta) =>
      expectCovpoolError(
        () => gaussianEmbedding(zeros([1, 2, 2]), { beta }),
        'bad-argument',
        /gaussianRows: beta must be a positive number/,
      ),
    );

    it('features without positions', () =>
      expectCovpoolError(() => gaussianEmbedding(zeros([2, 3])), 'bad-argument', /gaussianRows: features must be/));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([2, 3, 4], 'memory');
      await expectNoLeak(() => gaussianEmbedding(x, { beta: 2 }).dispose());
      await expectNoLeak(() => grad((features: Tensor) => sum(gaussianEmbedding(features)))(x).dispose());
    });
  });
});
