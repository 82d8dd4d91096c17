import {
  batchOf,
  conjugate,
  describeEngines,
  diagonal,
  eigen,
  expectClose,
  expectNoLeak,
  flatten,
  frobenius,
  identity,
  type Matrix,
  minus,
  newtonSchulzOracle,
  S0,
  scale,
  seededGram,
  seededMatrix,
  seededOrthogonal,
  seededTensor,
  seededValues,
  spectral,
  symmetricGradients,
  symmetrise,
  times,
  tolerance,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { triuVectorize } from '@covpool/covariance';
import fc from 'fast-check';
import {
  add,
  grad,
  memory,
  mul,
  sum,
  type Tensor,
  type Tensor3D,
  transpose as transposed,
  zeros,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { newtonSchulzSqrt } from './newton-schulz-sqrt.ts';
import { publishedRoot } from './published-form.fixture.ts';

/** What becomes of one eigenvalue of A/t. */
const mapped = async (a: number, iterations: number, norm: 'trace' | 'frobenius'): Promise<number> => {
  const rest = norm === 'trace' ? 1 - a : Math.sqrt(1 - a * a);
  const root = newtonSchulzSqrt(batchOf(diagonal([a, rest])), { iterations, norm });
  return (await root.data())[0]!;
};

/** Rounding of tabulated values. */
const SIX_DECIMALS = 0.51e-6;

let rank195: { sigma: Matrix; root: Matrix } | undefined;

/** The covariance of 196 positions of 256 rectified channels, and its exact root on the side of the rows. */
function covarianceOfRank195(): { sigma: Matrix; root: Matrix } {
  if (rank195) return rank195;
  const x = toMatrix(
    seededValues(196 * 256, 'rank').map((value) => Math.max(value, 0)),
    256,
  );
  const mean = x[0]!.map((_, j) => x.reduce((total, row) => total + row[j]!, 0) / 196);
  const centred = x.map((row) => row.map((value, j) => value - mean[j]!));
  const [left, side] = [transpose(centred), scale(times(centred, transpose(centred)), 1 / 196)];
  // Σ^(1/2) = X̄ᵀ K^(−1/2) X̄ / M; the one eigenvalue of K's kernel, the mean, counts as zero.
  const inverse = spectral(side, (value) => (value > 1e-9 ? 1 / Math.sqrt(value) : 0));
  const through = (inner: Matrix): Matrix => scale(times(left, inner), 1 / 196);
  return (rank195 = { sigma: through(centred), root: through(times(inverse, centred)) });
}

describeEngines('newtonSchulzSqrt', () => {
  describe('values', () => {
    it('maps eigenvalues as tabulated: far from the square root where they are small (spec 3.4)', async () => {
      const counts = [1, 3, 5, 7, 10];
      const table: [number, ...number[]][] = [
        [1, 1, 1, 1, 1, 1],
        [0.5, 0.625, 0.706708, Math.SQRT1_2, Math.SQRT1_2, Math.SQRT1_2],
        [0.1, 0.145, 0.262016, 0.31542, 0.316228, 0.316228],
        [0.01, 0.01495, 0.032836, 0.065872, 0.09659, 0.1],
        [1 / 256, 0.005852, 0.013042, 0.028002, 0.051083, 0.062499],
        [1e-3, 0.0015, 0.003366, 0.007481, 0.01585, 0.030854],
        [1e-4, 0.00015, 0.000337, 0.000758, 0.001695, 0.005294],
      ];
      for (const [a, ...row] of table) {
        for (const [i, expected] of row.entries()) {
          const value = await mapped(a, counts[i]!, 'trace');
          expect(Math.abs(value - expected)).toBeLessThan(SIX_DECIMALS + tolerance() * expected);
        }
      }
    });

    it('shrinks the identity of d channels as tabulated (spec 3.4)', async () => {
      const columns = [3, 5, 7, 10, 3, 5];
      const table: [number, ...number[]][] = [
        // four columns for the trace, two for the Frobenius norm
        [2, 0.999437, 1, 1, 1, 0.999994, 1],
        [4, 0.9753, 0.999999, 1, 1, 0.999437, 1],
        [16, 0.716265, 0.982721, 1, 1, 0.9753, 0.999999],
        [64, 0.404237, 0.765763, 0.991583, 1, 0.875973, 0.999271],
        [128, 0.291965, 0.599736, 0.939462, 1, 0.800266, 0.995407],
        [256, 0.208674, 0.448026, 0.817321, 0.999984, 0.716265, 0.982721],
        [512, 0.148352, 0.325953, 0.654973, 0.998133, 0.630682, 0.954607],
      ];
      for (const [d, ...row] of table) {
        for (const [i, expected] of row.entries()) {
          // Where the identity is too large for a quick test: the same eigenvalue in a matrix of side 2.
          const value = await (i < 4
            ? mapped(1 / d, columns[i]!, 'trace')
            : mapped(d ** -0.5, columns[i]!, 'frobenius'));
          const factor = value * (i < 4 ? Math.sqrt(d) : d ** 0.25);
          expect(Math.abs(factor - expected)).toBeLessThan(SIX_DECIMALS + tolerance() * expected);
          if (d > 16) continue;
          const norm = i < 4 ? 'trace' : 'frobenius';
          const root = newtonSchulzSqrt(batchOf(identity(d)), { iterations: columns[i]!, norm });
          await expectClose(root, flatten(scale(identity(d), expected)), { relative: SIX_DECIMALS + tolerance() });
        }
      }
    });

    it('is 0.448 I for the identity of 256 channels at five iterations (spec 3.4)', async () => {
      const root = await newtonSchulzSqrt(batchOf(identity(256))).data();
      expect(Math.abs(root[0]! - 0.448026)).toBeLessThan(SIX_DECIMALS + tolerance());
    });

    it('gives [[2,1],[1,2]] the computed roots (spec 3.5)', async () => {
      const roots: [number, number, number][] = [
        [1, 1.1875, 0.5],
        [2, 1.29956055, 0.43078613],
        [3, 1.35367396, 0.37837433],
        [5, 1.36602479, 0.36602602],
        [7, (Math.sqrt(3) + 1) / 2, (Math.sqrt(3) - 1) / 2],
      ];
      for (const [iterations, p, q] of roots) {
        await expectClose(newtonSchulzSqrt(batchOf(S0), { iterations }), [p, q, q, p]);
        const relative = iterations < 7 ? 5e-9 : 1e-15;
        await expectClose(flatten(newtonSchulzOracle(S0, iterations)), [p, q, q, p], { relative });
      }
    });

    it('multiplies tiny eigenvalues by 1.5 at every iteration (spec 3.4)', async () => {
      for (const iterations of [1, 3, 5]) {
        const value = await mapped(1e-6, iterations, 'trace');
        expect(Math.abs(value / (1e-6 * 1.5 ** iterations) - 1)).toBeLessThan(1e-4);
      }
    });

    it('approaches the true root of a well-conditioned matrix', async () => {
      const a = seededGram(6, 40);
      await expectClose(newtonSchulzSqrt(batchOf(a), { iterations: 12 }), flatten(spectral(a, Math.sqrt)));
    });

    it('is off the true root of a covariance of rank 195 of 256 by 70, 42, 15 and 2 percent (spec 3.4)', async () => {
      const { sigma, root } = covarianceOfRank195();
      for (const [iterations, error] of [
        [3, 0.7],
        [5, 0.42],
        [7, 0.15],
        [10, 0.019],
      ] as const) {
        const values = toMatrix(await newtonSchulzSqrt(batchOf(sigma), { iterations }).data(), 256);
        const relative = frobenius(minus(values, root)) / frobenius(root);
        // The figures have two digits and come from other random features.
        expect(Math.abs(relative - error)).toBeLessThan(0.02);
      }
    });
  });

  describe('properties', () => {
    it('is exact for rank one at every number of iterations (spec 3.5)', async () => {
      const v = [1, -2, 3];
      const a = v.map((p) => v.map((q) => p * q));
      for (const iterations of [1, 2, 5]) {
        await expectClose(newtonSchulzSqrt(batchOf(a), { iterations }), flatten(scale(a, 1 / Math.sqrt(14))));
      }
    });

    it('is symmetric, positive, below the root, homogeneous of degree 1/2 and equivariant to rotations (spec 3.5)', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 2, max: 6 }),
          fc.integer({ min: 1, max: 8 }),
          fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
          fc.integer({ min: 1, max: 7 }),
          async (d, rows, factor, iterations) => {
            const a = seededGram(d, rows, 'property');
            const root = toMatrix(await newtonSchulzSqrt(batchOf(a), { iterations }).data(), d);
            await expectClose(flatten(root), flatten(transpose(root)));
            await expectClose(flatten(times(root, a)), flatten(times(a, root)));
            const [exact, computed] = [eigen(a).values, eigen(symmetrise(root)).values];
            const slack = tolerance() * Math.sqrt(exact[0]!);
            computed.forEach((value, i) => {
              expect(value).toBeGreaterThan(-slack);
              expect(value).toBeLessThan(Math.sqrt(Math.max(exact[i]!, 0)) + slack);
            });
            await expectClose(
              newtonSchulzSqrt(batchOf(scale(a, factor)), { iterations }),
              flatten(scale(root, Math.sqrt(factor))),
            );
            const v = seededOrthogonal(d, 'v', d);
            const turned = conjugate(a, v);
            await expectClose(newtonSchulzSqrt(batchOf(turned), { iterations }), flatten(conjugate(root, v)));
          },
        ),
        { seed: 7, numRuns: 25 },
      );
    });
  });

  describe('gradient', () => {
    it('of the sum of the upper triangle at [[2,1],[1,2]] is the computed one, symmetrised (spec 3.5)', async () => {
      const cases: [iterations: number, diagonal: number, upper: number, lower: number][] = [
        [1, 0.296875, 0.375, -0.125],
        [3, 0.34864009, 0.26333756, -0.11503678],
        [5, 0.34150823, 0.27451544, -0.09151058],
      ];
      for (const [iterations, p, upper, lower] of cases) {
        const published = (a: Tensor) => sum(triuVectorize(publishedRoot(a, iterations, 'trace')));
        await expectClose(grad(published)(batchOf(S0)), [p, upper, lower, p]);
        const q = (upper + lower) / 2;
        const gradient = grad((a: Tensor) => sum(triuVectorize(newtonSchulzSqrt(a as Tensor3D, { iterations }))))(
          batchOf(S0),
        );
        await expectClose(gradient, [p, q, q, p]);
      }
      // The exact root's.
      const exact = grad((a: Tensor) => sum(triuVectorize(newtonSchulzSqrt(a as Tensor3D, { iterations: 9 }))));
      await expectClose(exact(batchOf(S0)), [0.34150635, 0.09150635, 0.09150635, 0.34150635]);
    });

    it('is the derivative of the formula along symmetric directions', async () => {
      for (const norm of ['trace', 'frobenius'] as const) {
        for (const iterations of [1, 2, 3, 5]) {
          const a = seededGram(4, 9, 'gradient');
          const w = symmetrise(seededMatrix(4, 4, 'w'));
          const { actual, expected } = await symmetricGradients(
            a,
            w,
            (x) => newtonSchulzSqrt(x, { iterations, norm }),
            (x) => newtonSchulzOracle(x, iterations, norm),
          );
          await expectClose(actual, expected, { relative: 2 * tolerance() });
        }
      }
    });

    it('is the symmetric part of what plain operations give, for any G', async () => {
      const a = batchOf(seededGram(5, 12, 'plain'), seededGram(5, 3, 'plain'));
      const g = seededTensor([2, 5, 5], 'plain G');
      for (const norm of ['trace', 'frobenius'] as const) {
        for (const iterations of [1, 2, 5]) {
          const ours = grad((x: Tensor) => sum(mul(newtonSchulzSqrt(x as Tensor3D, { iterations, norm }), g)))(a);
          const symmetricG = mul(add(g, transposed(g, [0, 2, 1])), 0.5);
          const plain = grad((x: Tensor) => sum(mul(publishedRoot(x, iterations, norm), symmetricG)))(a);
          await expectClose(ours, await mul(add(plain, transposed(plain, [0, 2, 1])), 0.5).data());
        }
      }
    });

    it('is the same bit for bit with the iterates computed again', async () => {
      const [a, g] = [
        batchOf(seededGram(5, 3, 'again'), seededGram(5, 9, 'again')),
        seededTensor([2, 5, 5], 'again G'),
      ];
      for (const norm of ['trace', 'frobenius'] as const) {
        for (const iterations of [1, 2, 5]) {
          const by = (recompute: boolean) => {
            const root = (x: Tensor) => newtonSchulzSqrt(x as Tensor3D, { iterations, norm, recompute });
            return [root(a).data(), grad((x: Tensor) => sum(mul(root(x), g)))(a).data()];
          };
          expect(await Promise.all(by(true))).toEqual(await Promise.all(by(false)));
        }
      }
    });

    it('is zero for the zero matrix, whose root is zero', async () => {
      const zero = zeros([1, 3, 3]) as Tensor3D;
      await expectClose(newtonSchulzSqrt(zero), new Array<number>(9).fill(0), { relative: 0 });
      await expectClose(grad((a: Tensor) => sum(newtonSchulzSqrt(a as Tensor3D)))(zero), new Array<number>(9).fill(0), {
        relative: 0,
      });
    });
  });

  describe('rejects', () => {
    it('matrices that are not square', () => {
      expect(() => newtonSchulzSqrt(zeros([2, 3]) as unknown as Tensor3D)).toThrow(
        'matrices must be [B,d,d], got [2,3]',
      );
    });
  });

  describe('memory', () => {
    it('holds at most 3N matrices for the gradient, or none but the input', async () => {
      const a = batchOf(seededGram(16, 20));
      const matrices = (recompute: boolean): number => {
        let held = 0;
        grad((x: Tensor) => {
          const before = memory().numBytes;
          const root = newtonSchulzSqrt(x as Tensor3D, { recompute });
          held = (memory().numBytes - before) / (16 * 16 * 4);
          return sum(root);
        })(a).dispose();
        return held;
      };
      // The result is one of its own, and shares its numbers with one that is kept; the input is counted, too.
      expect(Math.floor(matrices(false))).toBeLessThanOrEqual(3 * 5 + 2);
      expect(matrices(true)).toBe(1 + 1);
    });

    it('keeps nothing but what it returns', async () => {
      const a = batchOf(S0);
      await expectNoLeak(() => newtonSchulzSqrt(a).dispose());
      for (const recompute of [false, true]) {
        await expectNoLeak(() => grad((x: Tensor) => sum(newtonSchulzSqrt(x as Tensor3D, { recompute })))(a).dispose());
      }
    });
  });
});
