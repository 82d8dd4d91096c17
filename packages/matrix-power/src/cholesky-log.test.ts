import {
  batchOf,
  covarianceOracle,
  describeEngines,
  diagonal,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  flatten,
  identity,
  inner,
  type Matrix,
  minus,
  numericGradient,
  plus,
  S0,
  scale,
  seededGram,
  seededMatrix,
  seededTensor,
  symmetrise,
  times,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { triuVectorize } from '@covpool/covariance';
import { fill, grad, mul, sum, type Tensor, type Tensor3D, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choleskyLog, choleskyLogCov } from './cholesky-log.ts';

/** By the outer-product form, column by column: another order than the code's. */
function choleskyOracle(a: Matrix): Matrix {
  let rest = a.map((row) => [...row]);
  const columns = a.map((_, j) => {
    const column = rest.map((row, i) => (i < j ? 0 : row[j]! / Math.sqrt(rest[j]![j]!)));
    rest = minus(
      rest,
      column.map((p) => column.map((q) => p * q)),
    );
    return column;
  });
  return transpose(columns);
}

function logOracle(a: Matrix, epsilon = 1e-6): Matrix {
  const l = choleskyOracle(plus(a, scale(identity(a.length), epsilon)));
  return l.map((row, i) => row.map((value, j) => (i === j ? 2 * Math.log(value) : i > j ? value : l[j]![i]!)));
}

describeEngines('choleskyLog, in float32 too', () => {
  describe('values', () => {
    it.each([1, 5, 9])('is the logarithm of the factor, %i channels', async (d) => {
      const [a, b] = [seededGram(d, 4 * d, 'a'), seededGram(d, 3 * d, 'b')];
      await expectClose(choleskyLog(batchOf(a, b)), [...flatten(logOracle(a)), ...flatten(logOracle(b))]);
    });
  });

  describe('gradient', () => {
    it('of features is the derivative, on the tape', async () => {
      const [x, g] = [seededTensor([1, 3, 4, 5], 'tape'), seededMatrix(5, 5, 'tape G')];
      const numeric = numericGradient(
        (values) => inner(logOracle(covarianceOracle(toMatrix(values, 5))), g),
        await x.data(),
      );
      await expectClose(grad((features: Tensor) => sum(mul(choleskyLogCov(features), batchOf(g))))(x), numeric);
    });
  });
});

describeEngines('choleskyLog', { host: true }, () => {
  describe('values', () => {
    it('of [[2,1],[1,2]] has the computed triangle (spec 9.4)', async () => {
      // Six decimals; ε adds up to 1e-6 to the second pivot's logarithm.
      await expectClose(triuVectorize(choleskyLog(batchOf(S0))), [0.693147, 0.707107, 0.405465], { absolute: 2e-6 });
      await expectClose(flatten(choleskyOracle(S0)), [1.414214, 0, 0.707107, 1.224745], { absolute: 0.51e-6 });
    });

    it.each([1, 2, 5, 9])('is the logarithm of the factor, %i channels', async (d) => {
      const [a, b] = [seededGram(d, 2 * d, 'a'), seededGram(d, 3 * d, 'b')];
      await expectClose(choleskyLog(batchOf(a, b)), [...flatten(logOracle(a)), ...flatten(logOracle(b))]);
      await expectClose(choleskyLog(batchOf(a), { epsilon: 0.1 }), flatten(logOracle(a, 0.1)));
    });

    it('of a zero matrix is log ε on the diagonal', () =>
      expectClose(choleskyLog(zeros([1, 2, 2])), [Math.log(1e-6), 0, 0, Math.log(1e-6)]));

    it.each([
      [12, 5],
      [4, 7],
      [1, 3],
    ])('of features is that of their covariance in float64, %i positions, %i channels', async (m, d) => {
      const x = seededTensor([2, m, d], 'features', m, d);
      const values = toMatrix(await x.data(), d);
      const expected = [values.slice(0, m), values.slice(m)].flatMap((rows) =>
        flatten(logOracle(covarianceOracle(rows))),
      );
      await expectClose(choleskyLogCov(x), expected);
    });
  });

  describe('properties', () => {
    it('holds the factor: symmetric, and A + εI comes back', () =>
      fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 6 }), async (d, more) => {
          const a = seededGram(d, d + more, 'property');
          const image = toMatrix(await choleskyLog(batchOf(a)).data(), d);
          await expectClose(flatten(image), flatten(transpose(image)), { relative: 0 });
          const l = image.map((row, i) => row.map((value, j) => (i === j ? Math.exp(value / 2) : i > j ? value : 0)));
          await expectClose(flatten(times(l, transpose(l))), flatten(plus(a, scale(identity(d), 1e-6))));
        }),
        { seed: 17, numRuns: 20 },
      ));

    it('of a scaled matrix has a scaled factor', async () => {
      const a = seededGram(4, 9, 'scale');
      const [one, four] = [
        logOracle(a, 1e-6),
        toMatrix(await choleskyLog(batchOf(scale(a, 4)), { epsilon: 4e-6 }).data(), 4),
      ];
      const expected = one.map((row, i) => row.map((value, j) => (i === j ? value + Math.log(4) : 2 * value)));
      await expectClose(flatten(four), flatten(expected));
    });

    it('stays finite for any rank, condition and ties, with its gradient', async () => {
      const cases = [
        seededGram(6, 1),
        seededGram(6, 3),
        identity(6),
        diagonal([1, 1e-3, 1e-6, 1e-9, 1e-12, 0]),
        scale(seededGram(6, 2), 1e6),
      ];
      for (const a of cases) {
        const value = await choleskyLog(batchOf(a)).data();
        const gradient = await grad((x: Tensor) => sum(choleskyLog(x as Tensor3D)))(batchOf(a)).data();
        expect([...value, ...gradient].every(Number.isFinite)).toBe(true);
      }
    });
  });

  describe('gradient', () => {
    it.each([1, 2, 3, 5])('is the symmetric derivative for any G, %i channels', async (d) => {
      const [a, g] = [seededGram(d, 3 * d, 'gradient'), seededMatrix(d, d, 'G', d)];
      const numeric = numericGradient((values) => inner(logOracle(symmetrise(toMatrix(values, d))), g), flatten(a));
      const ours = grad((x: Tensor) => sum(mul(choleskyLog(x as Tensor3D), batchOf(g))))(batchOf(a));
      await expectClose(ours, numeric);
    });

    it.each([
      [12, 5],
      [9, 4],
    ])('of features is the derivative too, %i positions, %i channels', async (m, d) => {
      const [x, g] = [seededTensor([1, m, d], 'dx', m), seededMatrix(d, d, 'dG', d)];
      const numeric = numericGradient(
        (values) => inner(logOracle(covarianceOracle(toMatrix(values, d))), g),
        await x.data(),
      );
      await expectClose(grad((features: Tensor) => sum(mul(choleskyLogCov(features), batchOf(g))))(x), numeric);
    });

    it('of features of low rank is the derivative where ε carries the pivots', async () => {
      const [x, g] = [seededTensor([1, 3, 5], 'low'), seededMatrix(5, 5, 'low G')];
      const options = { epsilon: 0.5 };
      const numeric = numericGradient(
        (values) => inner(logOracle(covarianceOracle(toMatrix(values, 5)), 0.5), g),
        await x.data(),
      );
      await expectClose(grad((f: Tensor) => sum(mul(choleskyLogCov(f, options), batchOf(g))))(x), numeric);
    });

    it('is zero for a constant picture', () =>
      expectClose(grad((x: Tensor) => sum(choleskyLogCov(x)))(fill([1, 4, 3], 2)), new Array<number>(12).fill(0), {
        relative: 0,
      }));
  });

  describe('rejects', () => {
    it('matrices that are not square, and an ε that is no positive number', async () => {
      await expectCovpoolError(
        () => choleskyLog(zeros([1, 2, 3])),
        'bad-argument',
        /choleskyLog: matrices .*\[1,2,3\]/,
      );
      await expectCovpoolError(() => choleskyLogCov(zeros([2, 3])), 'bad-argument', /choleskyLogCov: features/);
      for (const epsilon of [0, Number.NaN]) {
        await expectCovpoolError(() => choleskyLog(zeros([1, 2, 2]), { epsilon }), 'bad-argument', /epsilon/);
      }
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [a, x] = [batchOf(S0, S0), seededTensor([2, 2, 3, 4], 'memory')];
      await expectNoLeak(() => choleskyLog(a).dispose());
      await expectNoLeak(() => grad((y: Tensor) => sum(choleskyLog(y as Tensor3D)))(a).dispose());
      await expectNoLeak(() => choleskyLogCov(x).dispose());
      await expectNoLeak(() => grad((y: Tensor) => sum(choleskyLogCov(y)))(x).dispose());
    });
  });
});
