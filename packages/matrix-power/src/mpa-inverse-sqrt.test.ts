import {
  batchOf,
  conjugate,
  describeEngines,
  diagonal,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  flatten,
  frobenius,
  identity,
  inner,
  type Matrix,
  numericGradient,
  scale,
  seededGram,
  seededMatrix,
  seededOrthogonal,
  spectral,
  symmetrise,
  times,
  tolerance,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { grad, mul, sum, type Tensor, type Tensor3D, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exampleMatrices, lyapunovOracle, scalarRoots } from './lyapunov.fixture.ts';
import { mpaInverseSqrt } from './mpa-inverse-sqrt.ts';
import { mpaSqrt } from './mpa-sqrt.ts';

const inverseOracle = (a: Matrix): Matrix => {
  const n = frobenius(a);
  return scale(spectral(scale(a, 1 / n), scalarRoots.inverse), 1 / Math.sqrt(n));
};

/**
 * The approximant's slope at 0 is 40 times its value there: every rounding of A/n, of 2⁻²⁴, costs 2.4e-6 of the result, and
 * there are some ten of them on the way. The gradient holds R twice from each side, so four times as much.
 */
const nearZero = (): number => 2 * tolerance();

describeEngines('mpaInverseSqrt', () => {
  describe('values', () => {
    it('maps eigenvalues as tabulated (spec 5.10)', async () => {
      const table: [a: number, inverse: number, decimals: number][] = [
        [1, 1, 6],
        [0.5, 1.414214, 6],
        [0.25, 1.999977, 6],
        [0.1, 3.157578, 6],
        [0.01, 8.018201, 6],
        [0.001, 10.580063, 6],
        [0, 11, 6],
      ];
      for (const [a, expected, decimals] of table) {
        const root = mpaInverseSqrt(batchOf(diagonal([a, Math.sqrt(1 - a * a)])));
        const tabulated = 0.51 * 10 ** -decimals;
        expect(Math.abs((await root.data())[0]! - expected)).toBeLessThan(tabulated + tolerance() * expected);
        expect(Math.abs(scalarRoots.inverse(a) - expected)).toBeLessThan(tabulated);
      }
    });

    it.each(Object.keys(exampleMatrices))('is the approximant of a matrix %s', (key) =>
      expectClose(mpaInverseSqrt(batchOf(exampleMatrices[key]!)), flatten(inverseOracle(exampleMatrices[key]!)), {
        relative: nearZero(),
      }),
    );

    it('is zero for the zero matrix', () =>
      expectClose(mpaInverseSqrt(zeros([1, 3, 3])), new Array<number>(9).fill(0), { relative: 0 }));
  });

  describe('properties', () => {
    it('is the inverse of mpaSqrt, symmetric, of degree −1/2, and turns with the basis', () =>
      fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 6 }),
          fc.integer({ min: 1, max: 8 }),
          fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
          async (d, rows, factor) => {
            const a = seededGram(d, rows);
            const inverse = toMatrix(await mpaInverseSqrt(batchOf(a)).data(), d);
            const root = toMatrix(await mpaSqrt(batchOf(a)).data(), d);
            // Entries of 11 and of 1 meet in the product.
            await expectClose(flatten(times(root, inverse)), flatten(identity(d)), { relative: 11 * tolerance() });
            await expectClose(flatten(inverse), flatten(transpose(inverse)), { relative: nearZero() });
            // Here both sides are rounded so.
            const relative = 2 * nearZero();
            await expectClose(mpaInverseSqrt(batchOf(scale(a, factor))), flatten(scale(inverse, factor ** -0.5)), {
              relative,
            });
            const v = seededOrthogonal(d, 'v', d);
            const turned = (m: Matrix): Matrix => conjugate(m, v);
            await expectClose(mpaInverseSqrt(batchOf(turned(a))), flatten(turned(inverse)), { relative });
          },
        ),
        { seed: 13, numRuns: 15 },
      ));
  });

  describe('gradient', () => {
    it.each(Object.keys(exampleMatrices))('solves the Lyapunov equation as published for a matrix %s', async (key) => {
      const a = exampleMatrices[key]!;
      const g = seededMatrix(a.length, a.length, 'G', a.length);
      const r = inverseOracle(a);
      const square = times(r, r);
      const right = scale(times(times(square, symmetrise(g)), square), -1);
      for (const iterations of [3, 8, 14]) {
        const ours = grad((x: Tensor) => sum(mul(mpaInverseSqrt(x as Tensor3D, { iterations }), batchOf(g))))(
          batchOf(a),
        );
        await expectClose(ours, flatten(lyapunovOracle(r, right, iterations)), { relative: 2 * nearZero() });
      }
    });

    it('is the derivative of the exact inverse root where the approximant is exact', async () => {
      const a = spectral(symmetrise(seededMatrix(3, 3, 'exact')), (value) => 1 + 0.05 * Math.sin(value));
      const g = symmetrise(seededMatrix(3, 3, 'exact G'));
      // Along symmetric directions: a step of an entry off the diagonal moves its mirror image, half each.
      const numeric = numericGradient(
        (values) =>
          inner(
            spectral(symmetrise(toMatrix(values, 3)), (value) => value ** -0.5),
            g,
          ),
        flatten(a),
      );
      const ours = grad((x: Tensor) => sum(mul(mpaInverseSqrt(x as Tensor3D, { iterations: 12 }), batchOf(g))))(
        batchOf(a),
      );
      await expectClose(ours, numeric);
    });

    it('is zero for the zero matrix', () =>
      expectClose(
        grad((a: Tensor) => sum(mpaInverseSqrt(a as Tensor3D)))(zeros([1, 3, 3])),
        new Array<number>(9).fill(0),
        { relative: 0 },
      ));
  });

  describe('rejects', () => {
    it('matrices that are not square, and no iterations', async () => {
      await expectCovpoolError(() => mpaInverseSqrt(zeros([1, 2, 3])), 'bad-argument', /mpaInverseSqrt: matrices/);
      await expectCovpoolError(
        () => mpaInverseSqrt(zeros([1, 2, 2]), { iterations: 0 }),
        'bad-argument',
        /mpaInverseSqrt: iterations/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const a = batchOf(seededGram(3, 5));
      await expectNoLeak(() => mpaInverseSqrt(a).dispose());
      await expectNoLeak(() => grad((x: Tensor) => sum(mpaInverseSqrt(x as Tensor3D)))(a).dispose());
    });
  });
});
