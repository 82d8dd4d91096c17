import {
  batchOf,
  conjugate,
  covarianceOracle,
  describeEngines,
  diagonal,
  eigen,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  flatten,
  identity,
  type Matrix,
  numericGradient,
  seededMatrix,
  seededTensor,
  seededValues,
  spectral,
  times,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { grad, mul, sum, type Tensor, tensor, type Tensor3D, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { scalingEigenBranch, scalingEigenBranchCov } from './scaling-eigen-branch.ts';

/** `Q (1 + ‖Q Sᵀ‖_F)` from both branches, as matrices. */
function branchOracle(a: Matrix): Matrix {
  const floored = (value: number): number => Math.max(value, Number.EPSILON);
  const q = spectral(a, (value) => Math.sqrt(floored(value)));
  const s = spectral(a, (value) => Math.exp(-floored(value)));
  const norm = Math.hypot(...flatten(times(q, transpose(s))));
  return q.map((row) => row.map((value) => value * (1 + norm)));
}

describeEngines('scalingEigenBranch', { host: true }, () => {
  describe('values', () => {
    it('of diag(4,1) are those of spec 5.9', () =>
      expectClose(scalingEigenBranch(batchOf(diagonal([4, 1]))), [2.7393974, 0, 0, 1.3696987], { relative: 1e-7 }));

    it.each([
      [9, 4],
      [3, 5],
    ])('of %i positions and %i channels are those of the oracle', async (m, d) => {
      const x = seededTensor([1, m, d], 'branch', m);
      const sigma = covarianceOracle(toMatrix(await x.data(), d));
      await expectClose(scalingEigenBranchCov(x), flatten(branchOracle(sigma)), { relative: 1e-6 });
    });
  });

  describe('properties', () => {
    it('symmetric, positive and equivariant to rotations', async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 1, max: 9 }), async (d, rows) => {
          const x = seededMatrix(rows, d, 'property', d, rows);
          const a = times(transpose(x), x);
          const q = toMatrix(await scalingEigenBranch(batchOf(a)).data(), d);
          await expectClose(flatten(q), flatten(transpose(q)), { relative: 0 });
          expect(eigen(q).values[d - 1]).toBeGreaterThan(-1e-6 * eigen(q).values[0]!);
          const v = eigen(times(transpose(x), x).map((row, i) => row.map((value, j) => value + i + j))).vectors;
          const turned = scalingEigenBranch(batchOf(conjugate(a, v)));
          // Zero eigenvalues are rounded with the matrix to some 1e-7 of the largest, their root to 3e-4.
          await expectClose(turned, flatten(conjugate(q, v)), { relative: 1e-3 });
        }),
        { seed: 2, numRuns: 20 },
      );
    });

    it('finite for zero, rank one and repeated eigenvalues, the gradient too (spec 10)', async () => {
      for (const a of [zeros([1, 3, 3]), tensor([1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 3, 3]), batchOf(identity(3))]) {
        expect([...(await scalingEigenBranch(a as Tensor3D).data())].every(Number.isFinite)).toBe(true);
        const gradient = grad((x: Tensor) => sum(scalingEigenBranch(x as Tensor3D)))(a);
        expect([...(await gradient.data())].every(Number.isFinite)).toBe(true);
      }
    });
  });

  describe('gradient', () => {
    it.each([
      [9, 4],
      [3, 5],
    ])('by features of %i positions and %i channels is the derivative', async (m, d) => {
      const x = seededValues(m * d, 'gradient', m);
      const w = seededValues(d * d, 'w', m);
      const numeric = numericGradient(
        (values) =>
          flatten(branchOracle(covarianceOracle(toMatrix(values, d)))).reduce((s, value, i) => s + value * w[i]!, 0),
        x,
      );
      const weights = tensor(w, [1, d, d]);
      const gradient = grad((t: Tensor) => sum(mul(scalingEigenBranchCov(t), weights)))(tensor(x, [1, m, d]));
      // The kernel's root at the floor is 1e-8 with a slope of 3e7: the numeric derivative has some 1e-6 of that.
      await expectClose(gradient, numeric, { relative: 2e-6 });
      const published = grad((t: Tensor) => sum(mul(scalingEigenBranchCov(t, { gradient: 'k-matrix' }), weights)));
      await expectClose(published(tensor(x, [1, m, d])), numeric, { relative: 2e-6 });
    });
  });

  describe('rejects', () => {
    it('what is not a batch of square matrices', () =>
      expectCovpoolError(() => scalingEigenBranch(zeros([3, 3]) as unknown as Tensor3D), 'bad-argument', /\[3,3\]/));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([2, 5, 3], 'memory');
      await expectNoLeak(() => scalingEigenBranchCov(x).dispose());
      await expectNoLeak(() => grad((t: Tensor) => sum(scalingEigenBranchCov(t)))(x).dispose());
    });
  });
});
