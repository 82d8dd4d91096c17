import { covariance } from '@covpool/covariance';
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
  frobenius,
  identity,
  minus,
  S0,
  scale,
  seededMatrix,
  seededTensor,
  symmetrise,
  times,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { grad, mul, ones, sum, type Tensor, tensor, type Tensor3D, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matrixPower, matrixPowerCov } from './matrix-power.ts';
import { type MatrixPowerOptions, powerGradients } from './matrix-power-options.ts';
import { gradientOf, gram, powerOracle } from './matrix-power.fixture.ts';

/** Float64 inside, so that a result differs from the oracle's by the rounding of its float32. */
const SINGLE = { relative: 2e-7, absolute: 1e-30 };

describeEngines('matrixPower', { host: true }, () => {
  describe('values', () => {
    it('are those of spec 2.6', async () => {
      await expectClose(matrixPower(batchOf(identity(3))), flatten(identity(3)), SINGLE);
      const d41 = batchOf(diagonal([4, 1]));
      await expectClose(matrixPower(d41), [2, 0, 0, 1], SINGLE);
      await expectClose(matrixPower(d41, { norm: 'm-l2' }), [1, 0, 0, 0.5], SINGLE);
      await expectClose(matrixPower(d41, { norm: 'm-fro' }), [0.894427191, 0, 0, 0.4472135955], SINGLE);
      await expectClose(matrixPower(batchOf(S0)), [1.3660254, 0.3660254, 0.3660254, 1.3660254], { relative: 1e-7 });
    });

    it('stay when others are computed', async () => {
      const [x, other] = [seededTensor([2, 4, 6], 'x'), seededTensor([2, 4, 6], 'other')];
      const alone = Array.from(await matrixPowerCov(x).data());
      const root = matrixPowerCov(x);
      matrixPowerCov(other);
      await expectClose(root, alone, { relative: 0 });
    });

    it('squared are the matrix', async () => {
      const a = gram(6, 20);
      const root = toMatrix(await matrixPower(batchOf(a)).data(), 6);
      expect(frobenius(minus(times(root, root), a)) / frobenius(a)).toBeLessThan(2e-7);
    });

    it.each([
      { alpha: 0.3 },
      { alpha: 1 },
      { epsilon: 0.5 },
      { alpha: 0.7, norm: 'm-l2' },
      { alpha: 0.5, norm: 'm-fro' },
    ] as MatrixPowerOptions[])('are those of the oracle for %o', async (options) => {
      const [a, b] = [gram(5, 9), gram(5, 2)];
      await expectClose(
        matrixPower(batchOf(a, b), options),
        [a, b].flatMap((m) => flatten(powerOracle(m, options))),
        { relative: 1e-6 },
      );
    });

    it('leave out what is below the spacing of float32 at the largest eigenvalue, or raise it to 2⁻⁵² (spec 2.1, 5.1)', async () => {
      const a = batchOf(diagonal([1, 1.2e-7, 1e-7, 0]));
      const diagonalOf = async (options: MatrixPowerOptions) => {
        const values = await matrixPower(a, options).data();
        return [0, 1, 2, 3].map((i) => values[5 * i]!);
      };
      await expectClose(await diagonalOf({}), [1, Math.sqrt(1.2e-7), 0, 0], SINGLE);
      const floored = await diagonalOf({ small: 'floor' });
      expect(Math.abs(floored[2]! / Math.sqrt(Math.fround(1e-7)) - 1)).toBeLessThan(1e-7);
      expect(Math.abs(floored[3]! / 2 ** -26 - 1)).toBeLessThan(1e-7);
    });

    it('keep 206 of 256 eigenvalues for SVD-TopN (spec 5.3)', async () => {
      const a = batchOf(diagonal(Array.from({ length: 256 }, (_, i) => 256 - i)));
      const values = await matrixPower(a, { gradient: 'topn' }).data();
      const kept = Array.from({ length: 256 }, (_, i) => values[i * 257]!);
      expect(kept[205]).toBeCloseTo(Math.sqrt(51), 5);
      expect(Math.abs(kept[206]! / 2 ** -26 - 1)).toBeLessThan(1e-6);
    });

    it.each([
      ['more', 12, 5],
      ['fewer', 4, 7],
    ])('of features with %s positions than channels are those of their covariance', async (_, m, d) => {
      const x = seededTensor([2, m, d], 'fused', m);
      const oracle = toMatrix(await x.data(), d);
      const expected = [0, 1].flatMap((b) =>
        flatten(powerOracle(covarianceOracle(oracle.slice(b * m, (b + 1) * m)), {})),
      );
      await expectClose(matrixPowerCov(x), expected, { relative: 1e-6 });
      for (const gradient of powerGradients) {
        await expectClose(matrixPowerCov(x, { gradient }), await matrixPower(covariance(x), { gradient }).data(), {
          // The covariance in float32 errs by 1e-7; the root of what it puts into the kernel is the root of that.
          relative: m < d || gradient === 'topn' ? 1e-3 : 1e-6,
        });
      }
    });

    it('of features with a condition of 1e12 keep what a float32 covariance loses (spec 5.6)', async () => {
      const d = 5;
      const turn = eigen(gram(d, 9, 'turn')).vectors;
      const x = times(seededMatrix(40, d, 'condition'), times(diagonal([1, 1e-1, 1e-2, 1e-4, 1e-6]), turn));
      const rounded = x.map((row) => row.map(Math.fround));
      const features = tensor([rounded]) as Tensor3D;
      const sigma = covarianceOracle(rounded);
      const { values, vectors } = eigen(sigma);
      expect(values[0]! / values[4]!).toBeGreaterThan(1e10);
      /** uᵀQu along the smallest direction, over √λ. */
      const smallest = async (q: Tensor): Promise<number> => {
        const u = vectors.map((row) => [row[4]!]);
        const along = times(times(transpose(u), toMatrix(await q.data(), d)), u)[0]![0]!;
        return along / Math.sqrt(values[4]!);
      };
      const options = { small: 'floor', gradient: 'exact' } as const;
      // Q itself is float32, with entries of the size of 1 where √λ is 1e-6: an eighth of that is rounding.
      expect(Math.abs((await smallest(matrixPowerCov(features, options))) - 1)).toBeLessThan(0.15);
      // How far off float32 comes out is luck of the engine's sums.
      expect(Math.abs((await smallest(matrixPower(covariance(features), options))) - 1)).toBeGreaterThan(0.3);
      const single = matrixPowerCov(features, { ...options, precision: 'single' });
      expect(Math.abs((await smallest(single)) - 1)).toBeGreaterThan(0.3);
    });
  });

  describe('properties', () => {
    it('symmetric, positive, homogeneous of degree α and equivariant to rotations', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 2, max: 6 }),
          fc.integer({ min: 1, max: 8 }),
          fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
          fc.double({ min: 0.2, max: 1, noNaN: true }),
          async (d, rows, factor, alpha) => {
            const a = gram(d, rows, 'property');
            const root = toMatrix(await matrixPower(batchOf(a), { alpha }).data(), d);
            await expectClose(flatten(root), flatten(transpose(root)), { relative: 0 });
            expect(Math.min(...eigen(root).values)).toBeGreaterThan(-1e-6 * frobenius(root));
            // Small eigenvalues are rounded with the matrix to some 1e-7 of the largest, their power to (1e-7)^α.
            const limits = { relative: 4 * 1e-7 ** alpha };
            await expectClose(
              matrixPower(batchOf(scale(a, factor)), { alpha }),
              flatten(scale(root, factor ** alpha)),
              limits,
            );
            const v = eigen(symmetrise(seededMatrix(d, d, 'v', d))).vectors;
            const turned = conjugate(a, v);
            await expectClose(matrixPower(batchOf(turned), { alpha }), flatten(conjugate(root, v)), limits);
          },
        ),
        { seed: 5, numRuns: 25 },
      );
    });

    it('have norm 1 and forget the scale after M-l2 and M-Fro (spec 2.6)', async () => {
      const x = seededTensor([1, 12, 5], 'norms');
      for (const norm of ['m-l2', 'm-fro'] as const) {
        const q = toMatrix(await matrixPowerCov(x, { norm }).data(), 5);
        expect(norm === 'm-l2' ? eigen(q).values[0] : frobenius(q)).toBeCloseTo(1, 6);
        await expectClose(matrixPowerCov(mul(x, 3), { norm }), flatten(q), { relative: 1e-6 });
      }
    });

    it('are finite, with finite gradients, whatever is degenerate (spec 10)', async () => {
      const [zero, rankOne, repeated] = [scale(identity(4), 0), gram(4, 1), scale(identity(4), 3)];
      for (const gradient of powerGradients) {
        for (const a of [zero, rankOne, repeated]) {
          const options = { gradient };
          expect([...(await matrixPower(batchOf(a), options).data())].every(Number.isFinite)).toBe(true);
          // SVD-Padé's K reaches 2e31 at ties of the floor: large, as published, but finite.
          expect(flatten(await gradientOf(a, gram(4, 4, 'g'), options)).every(Number.isFinite)).toBe(true);
        }
        const constant = mul(tensor([[[1, 2, 3]]]), ones([2, 6, 3]));
        const dx = grad((x: Tensor) => sum(matrixPowerCov(x, { gradient })))(constant);
        await expectClose(dx, new Array<number>(36).fill(0), { relative: 0 });
      }
    });
  });

  describe('rejects', () => {
    it('nothing by hiding it: what is no number stays none', async () => {
      const x = tensor([[[1, Number.NaN], [2, 3], [0, 1]]]); // prettier-ignore
      expect([...(await matrixPowerCov(x).data())].every(Number.isNaN)).toBe(true);
      expect([...(await matrixPowerCov(x, { gradient: 'pade' }).data())].every(Number.isNaN)).toBe(true);
    });

    it('what is not a batch of square matrices, and options that do not exist', async () => {
      const a = zeros([1, 2, 2]) as Tensor3D;
      await expectCovpoolError(
        () => matrixPower(zeros([1, 2, 3]) as Tensor3D),
        'bad-argument',
        /\[B,d,d\], got \[1,2,3\]/,
      );
      await expectCovpoolError(() => matrixPowerCov(zeros([4])), 'bad-argument', /got \[4\]/);
      await expectCovpoolError(() => matrixPower(a, { alpha: 0 }), 'bad-argument', /alpha .* got 0/);
      await expectCovpoolError(() => matrixPower(a, { epsilon: -1 }), 'bad-argument', /epsilon .* got -1/);
      await expectCovpoolError(
        () => matrixPower(a, { gradient: 'svd' as 'exact' }),
        'bad-argument',
        /'svd'; known: .*taylor/,
      );
      await expectCovpoolError(
        () => matrixPower(a, { precision: 'half' as 'single' }),
        'bad-argument',
        /'half'; known: double/,
      );
      await expectCovpoolError(() => matrixPower(a, { norm: 'l2' as 'none' }), 'bad-argument', /'l2'; known: .*m-fro/);
      await expectCovpoolError(() => matrixPower(a, { gradient: 'newton', alpha: 1 }), 'bad-argument', /'newton'/);
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [a, x] = [batchOf(S0), seededTensor([2, 3, 4], 'memory')];
      await expectNoLeak(() => matrixPower(a).dispose());
      await expectNoLeak(() => matrixPowerCov(x).dispose());
      await expectNoLeak(() => matrixPowerCov(x, { precision: 'single' }).dispose());
      await expectNoLeak(() => grad((t: Tensor) => sum(matrixPower(t as Tensor3D)))(a).dispose());
      await expectNoLeak(() => grad((t: Tensor) => sum(matrixPowerCov(t)))(x).dispose());
    });
  });
});
