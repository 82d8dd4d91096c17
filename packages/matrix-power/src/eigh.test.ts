import {
  alongTriu,
  batchOf,
  describeEngines,
  diagonal,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  flatten,
  fromTriu,
  identity,
  type Matrix,
  numericGradient,
  seededMatrix,
  seededValues,
  signedEigen,
  symmetrise,
  times,
  toMatrix,
  transpose,
  triu,
} from '@covpool/testing';
import { add, grad, mul, sum, type Tensor, tensor, tensor3d, type Tensor3D, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eigh } from './eigh.ts';

const symmetric = (d: number, ...key: string[]): Matrix => {
  const a = symmetrise(seededMatrix(d, d, 'eigh', d, ...key));
  return a.map((row) => row.map(Math.fround));
};

describeEngines('eigh', { host: true }, () => {
  describe('values', () => {
    it('are 3 and 1 with the diagonals for [[2,1],[1,2]]', async () => {
      const { values, vectors } = eigh(tensor3d([[[2, 1], [1, 2]]])); // prettier-ignore
      await expectClose(values, [3, 1], { relative: 1e-7 });
      await expectClose((await vectors.data()).map(Math.abs), new Array<number>(4).fill(Math.SQRT1_2));
    });

    it('rebuild every matrix of a batch', async () => {
      const matrices = [symmetric(6, 'a'), symmetric(6, 'b'), identity(6), diagonal([1, 1, 0, 0, -2, 5])];
      const { values, vectors } = eigh(batchOf(...matrices));
      const [lambda, u] = [await values.data(), await vectors.data()];
      for (const [b, a] of matrices.entries()) {
        const own = toMatrix(u.slice(b * 36, (b + 1) * 36), 6);
        const rebuilt = times(times(own, diagonal([...lambda.slice(b * 6, (b + 1) * 6)])), transpose(own));
        await expectClose(flatten(rebuilt), flatten(a), { relative: 1e-6 });
      }
    });
  });

  describe('properties', () => {
    it('descending values, orthonormal vectors, the largest entry of each positive', async () => {
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.integer(), async (d, key) => {
          const { values, vectors } = eigh(batchOf(symmetric(d, String(key))));
          const lambda = [...(await values.data())];
          expect(lambda).toEqual([...lambda].sort((p, q) => q - p));
          const columns = transpose(toMatrix(await vectors.data(), d));
          await expectClose(flatten(times(columns, transpose(columns))), flatten(identity(d)), { relative: 1e-6 });
          for (const column of columns) {
            expect(Math.max(...column)).toBe(Math.max(...column.map(Math.abs)));
          }
        }),
        { seed: 9, numRuns: 20 },
      );
    });
  });

  describe('gradient', () => {
    it('is the derivative along symmetric directions where eigenvalues are distinct', async () => {
      const d = 4;
      const a = symmetric(d, 'gradient');
      const [wValues, wVectors] = [seededValues(d, 'values'), seededValues(d * d, 'vectors')];
      const loss = (upper: number[]): number => {
        const { values, vectors } = signedEigen(fromTriu(upper, d));
        return (
          values.reduce((total, value, i) => total + value * wValues[i]!, 0) +
          flatten(vectors).reduce((total, value, i) => total + value * wVectors[i]!, 0)
        );
      };
      const gradient = grad((x: Tensor) => {
        const { values, vectors } = eigh(x as Tensor3D);
        return add(sum(mul(values, tensor([wValues]))), sum(mul(vectors, tensor(wVectors, [1, d, d]))));
      })(batchOf(a));
      const found = alongTriu(toMatrix(await gradient.data(), d));
      await expectClose(found, numericGradient(loss, triu(a)), { relative: 2e-6 });
    });

    it('is finite where eigenvalues repeat', async () => {
      const gradient = grad((x: Tensor) => sum(eigh(x as Tensor3D).vectors))(batchOf(identity(3)));
      expect([...(await gradient.data())].every(Number.isFinite)).toBe(true);
    });
  });

  describe('rejects', () => {
    it('what is not a batch of square matrices', () =>
      expectCovpoolError(() => eigh(zeros([2, 3, 4]) as Tensor3D), 'bad-argument', /^eigh: .* got \[2,3,4\]/));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const a = batchOf(symmetric(3));
      await expectNoLeak(() => Object.values(eigh(a)).forEach((tensor) => tensor.dispose()));
      await expectNoLeak(() => grad((x: Tensor) => sum(eigh(x as Tensor3D).values))(a).dispose());
    });
  });
});
