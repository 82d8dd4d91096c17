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
  type Matrix,
  minus,
  S0,
  scale,
  seededGram,
  seededMatrix,
  seededOrthogonal,
  spectral,
  symmetrise,
  tolerance,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { triuVectorize } from '@covpool/covariance';
import { grad, mul, sum, type Tensor, tensor, type Tensor3D, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exactGradient,
  exampleMatrices,
  logSpaced,
  rootGradientOracle,
  rootOracle,
  scalarRoots,
} from './lyapunov.fixture.ts';
import { mpaSqrt } from './mpa-sqrt.ts';
import { mtpSqrt } from './mtp-sqrt.ts';
import { newtonSchulzSqrt } from './newton-schulz-sqrt.ts';

const DECIMALS_7 = 0.51e-7;

const roots = [
  { name: 'mpaSqrt', sqrt: mpaSqrt, scalar: scalarRoots.mpa },
  { name: 'mtpSqrt', sqrt: mtpSqrt, scalar: scalarRoots.mtp },
] as const;

/** A matrix of Frobenius norm 1 with the eigenvalue a. */
const holding = (a: number): Matrix => diagonal([a, Math.sqrt(1 - a * a)]);

const matrices: Record<string, Matrix> = {
  ...exampleMatrices,
  'with pairs of eigenvalues': spectral(symmetrise(seededMatrix(6, 6, 'pairs')), (value) => (value > 0 ? 2 : 0.3)),
  'of one channel': [[3]],
};

describeEngines('square roots with the Lyapunov gradient', () => {
  describe('values', () => {
    it('map eigenvalues as tabulated (spec 5.10)', async () => {
      const table: [a: number, mpa: number, mtp: number][] = [
        [1, 1, 1],
        [0.5, 0.7071068, 0.7071138],
        [0.25, 0.5000056, 0.501019],
        [0.1, 0.3166985, 0.3297108],
        [0.01, 0.1247162, 0.1935566],
        [0.001, 0.0945174, 0.1779564],
        [0, 1 / 11, 0.1761971],
      ];
      for (const [a, mpa, mtp] of table) {
        const value = async (sqrt: typeof mpaSqrt) => (await sqrt(batchOf(holding(a))).data())[0]!;
        // Rounding of float32 is relative to the largest value, 1.
        expect(Math.abs((await value(mpaSqrt)) - mpa)).toBeLessThan(DECIMALS_7 + tolerance() / 10);
        expect(Math.abs((await value(mtpSqrt)) - mtp)).toBeLessThan(DECIMALS_7 + tolerance() / 10);
        expect(Math.abs(scalarRoots.mpa(a) - mpa)).toBeLessThan(DECIMALS_7);
        expect(Math.abs(scalarRoots.mtp(a) - mtp)).toBeLessThan(DECIMALS_7);
      }
    });

    it('give [[2,1],[1,2]] the computed roots (spec 5.10)', async () => {
      const [mpa, mtp] = [
        [1.36602624, 0.36602457],
        [1.36630213, 0.36574867],
      ];
      const tabulated = { relative: 1e-8 / 1.36 };
      await expectClose(mpaSqrt(batchOf(S0)), [...mpa!, ...mpa!.toReversed()]);
      await expectClose(mtpSqrt(batchOf(S0)), [...mtp!, ...mtp!.toReversed()]);
      await expectClose(rootOracle(S0, scalarRoots.mpa)[0]!, mpa!, tabulated);
      await expectClose(rootOracle(S0, scalarRoots.mtp)[0]!, mtp!, tabulated);
    });

    it('err by the condition number as tabulated, beside Newton–Schulz (spec 5.10)', async () => {
      const table: [condition: number, ns5: number, ns10: number, mpa: number, mtp: number][] = [
        [1e1, 0.059, 5e-16, 0.0021, 0.031],
        [1e2, 0.093, 1.6e-5, 0.032, 0.13],
        [1e3, 0.09, 0.0039, 0.087, 0.237],
        [1e4, 0.081, 0.009, 0.137, 0.319],
        [1e6, 0.066, 0.0087, 0.202, 0.426],
      ];
      for (const [condition, ...row] of table) {
        const a = logSpaced(16, condition);
        const exact = spectral(a, Math.sqrt);
        const computed = [
          newtonSchulzSqrt(batchOf(a)),
          newtonSchulzSqrt(batchOf(a), { iterations: 10 }),
          mpaSqrt(batchOf(a)),
          mtpSqrt(batchOf(a)),
        ];
        for (const [i, expected] of row.entries()) {
          const error = frobenius(minus(toMatrix(await computed[i]!.data(), 16), exact)) / frobenius(exact);
          // The last figure of the table, and what float32 adds.
          const digits = expected < 0.01 ? 0.03 * expected : 0.51e-3;
          expect(Math.abs(error - expected), `condition ${condition}, column ${i}`).toBeLessThan(
            digits + tolerance() / 10,
          );
        }
      }
    });

    for (const { name, sqrt, scalar } of roots) {
      it.each(Object.keys(matrices))(`${name} is the approximant of a matrix %s`, (key) =>
        expectClose(sqrt(batchOf(matrices[key]!)), flatten(rootOracle(matrices[key]!, scalar))),
      );
    }
  });

  describe('properties', () => {
    it('map null directions to √n/11 and 0.176 √n, not to zero (spec 5.10)', async () => {
      const a = batchOf(diagonal([4, 0]));
      await expectClose(mpaSqrt(a), [2, 0, 0, 2 / 11]);
      await expectClose(mtpSqrt(a), [2, 0, 0, 2 * 0.176197052]);
    });

    it.each(roots)('$name is symmetric, positive, homogeneous of degree 1/2 and turns with the basis', ({ sqrt }) =>
      fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 6 }),
          fc.integer({ min: 1, max: 8 }),
          fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
          async (d, rows, factor) => {
            const a = seededGram(d, rows, 'property');
            const root = toMatrix(await sqrt(batchOf(a)).data(), d);
            await expectClose(flatten(root), flatten(transpose(root)));
            const smallest = spectral(symmetrise(root), (value) => Math.min(value, 0));
            expect(frobenius(smallest)).toBeLessThan(tolerance() * frobenius(root));
            await expectClose(sqrt(batchOf(scale(a, factor))), flatten(scale(root, Math.sqrt(factor))));
            const v = seededOrthogonal(d, 'v', d);
            const turned = (m: Matrix): Matrix => conjugate(m, v);
            await expectClose(sqrt(batchOf(turned(a))), flatten(turned(root)));
          },
        ),
        { seed: 11, numRuns: 15 },
      ),
    );
  });

  describe('gradient', () => {
    for (const { name, sqrt, scalar } of roots) {
      it.each(Object.keys(matrices))(
        `${name} solves the Lyapunov equation as published for a matrix %s`,
        async (key) => {
          const a = matrices[key]!;
          const g = seededMatrix(a.length, a.length, 'G', a.length);
          for (const iterations of [3, 8, 14]) {
            const ours = grad((x: Tensor) => sum(mul(sqrt(x as Tensor3D, { iterations }), batchOf(g))))(batchOf(a));
            await expectClose(ours, flatten(rootGradientOracle(a, g, scalar, iterations)));
          }
        },
      );

      it(`${name} is the exact derivative where the approximant is exact`, async () => {
        const a = spectral(symmetrise(seededMatrix(3, 3, 'exact')), (value) => 1 + 0.05 * Math.sin(value));
        const g = seededMatrix(3, 3, 'exact G');
        const ours = grad((x: Tensor) => sum(mul(sqrt(x as Tensor3D, { iterations: 10 }), batchOf(g))))(batchOf(a));
        await expectClose(ours, flatten(exactGradient(a, g)));
      });
    }

    it('of the sum of the upper triangle at [[2,1],[1,2]] is that of the exact root', async () => {
      // Spec 2.6; a/n = 3/√10 and 1/√10, whose roots MPA has to 2e-6.
      const gradient = grad((a: Tensor) => sum(triuVectorize(mpaSqrt(a as Tensor3D))))(batchOf(S0));
      await expectClose(gradient, [0.34150635, 0.09150635, 0.09150635, 0.34150635]);
    });

    it('treats every matrix of a batch by itself', async () => {
      const [a, b] = [seededGram(4, 9, 'first'), scale(seededGram(4, 3, 'second'), 100)];
      const weights = [...flatten(seededMatrix(4, 4, 'both')), ...flatten(seededMatrix(4, 4, 'both'))];
      const gradient = (x: Tensor3D) =>
        grad((y: Tensor) => sum(mul(mpaSqrt(y as Tensor3D), tensor(weights.slice(0, x.size), x.shape))))(x);
      await expectClose((await gradient(batchOf(a, b)).data()).slice(16), await gradient(batchOf(b)).data());
    });

    it.each(roots)('$name is zero, like the value, for the zero matrix', async ({ sqrt }) => {
      const zero = zeros([1, 3, 3]) as Tensor3D;
      const nothing = new Array<number>(9).fill(0);
      await expectClose(sqrt(zero), nothing, { relative: 0 });
      await expectClose(grad((a: Tensor) => sum(sqrt(a as Tensor3D)))(zero), nothing, { relative: 0 });
    });
  });

  describe('rejects', () => {
    it.each(roots)('$name rejects matrices that are not square, and no iterations', async ({ name, sqrt }) => {
      await expectCovpoolError(
        () => sqrt(zeros([1, 2, 3])),
        'bad-argument',
        new RegExp(`${name}: matrices must be \\[B,d,d\\], got \\[1,2,3\\]`),
      );
      await expectCovpoolError(
        () => sqrt(zeros([1, 2, 2]), { iterations: 0 }),
        'bad-argument',
        new RegExp(`${name}: iterations .* got 0`),
      );
    });
  });

  describe('memory', () => {
    it.each(roots)('$name keeps nothing but what it returns', async ({ sqrt }) => {
      const a = batchOf(S0, S0);
      await expectNoLeak(() => sqrt(a).dispose());
      await expectNoLeak(() => grad((x: Tensor) => sum(sqrt(x as Tensor3D)))(a).dispose());
    });
  });
});
