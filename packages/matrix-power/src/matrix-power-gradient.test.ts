import { triuVectorize } from '@covpool/covariance';
import {
  batchOf,
  conjugate,
  covarianceOracle,
  describeEngines,
  diagonal,
  eigen,
  expectClose,
  flatten,
  type Matrix,
  numericGradient,
  S0,
  scale,
  seededMatrix,
  seededValues,
  symmetricGradients,
  symmetrise,
  times,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { grad, mul, sum, type Tensor, tensor, type Tensor3D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { matrixPower, matrixPowerCov } from './matrix-power.ts';
import { type MatrixPowerOptions, powerGradients } from './matrix-power-options.ts';
import { gradientOf, gram, powerOracle } from './matrix-power.fixture.ts';
import { newtonSchulzSqrt } from './newton-schulz-sqrt.ts';

const sqrt3 = Math.sqrt(3);

/** The published backward pass of the SVD layers, symmetrised: spec 5.2 with a K of one's own. */
function publishedGradient(a: Matrix, g: Matrix, floor: number, k: (li: number, lj: number) => number): Matrix {
  const { values, vectors: u } = eigen(a);
  const lambda = values.map((value) => Math.max(value, floor));
  const du = times(times(scale(symmetrise(g), 2), u), diagonal(lambda.map(Math.sqrt)));
  const inner = times(transpose(u), du);
  const own = times(times(transpose(u), g), u);
  const bracket = inner.map((row, i) =>
    row.map((value, j) => (i === j ? (0.5 / Math.sqrt(lambda[i]!)) * own[i]![i]! : k(lambda[j]!, lambda[i]!) * value)),
  );
  return symmetrise(conjugate(bracket, u));
}

describeEngines('matrixPower', { host: true }, () => {
  describe('gradient', () => {
    it('stays bounded where a kernel of several directions makes equal eigenvalues, for every rule', async () => {
      // Rank 4 of 12 in whole numbers: at the floor stand eight equal eigenvalues, whose K reaches 1e31.
      const [m, d, rank] = [14, 12, 4];
      const whole = (rows: number, columns: number, key: string) =>
        seededMatrix(rows, columns, key).map((row) => row.map((value) => Math.round(3 * value)));
      const x = times(whole(m, rank, 'left'), whole(rank, d, 'right'));
      const g = batchOf(gram(d, d, 'G'));
      const along = (gradient: (typeof powerGradients)[number]) =>
        grad((t: Tensor) => sum(mul(matrixPowerCov(t, { gradient, small: 'floor' }), g)))(tensor([x]));
      const exact = await along('exact').data();
      const size = Math.hypot(...exact);
      for (const gradient of ['k-matrix', 'trunc', 'taylor', 'pade', 'pi'] as const) {
        const found = await along(gradient).data();
        expect(Math.hypot(...found.map((value, i) => value - exact[i]!)) / size).toBeLessThan(0.05);
      }
    });

    it('of the sum of the upper triangle at [[2,1],[1,2]] (spec 2.6, 5.3)', async () => {
      for (const gradient of powerGradients.filter((name) => name !== 'pi-released')) {
        const found = grad((a: Tensor) => sum(triuVectorize(matrixPower(a as Tensor3D, { gradient, small: 'cut' }))))(
          batchOf(S0),
        );
        // Ten Newton–Schulz steps and 19 powers of 1/3 are exact in float32.
        if (gradient !== 'topn') {
          await expectClose(found, [0.34150635, 0.09150635, 0.09150635, 0.34150635], { relative: 1e-7 });
        }
      }
      expect((sqrt3 + 1) / 8).toBeCloseTo(0.34150635, 8);
    });

    it.each([
      {},
      { gradient: 'k-matrix' },
      { alpha: 0.3 },
      { alpha: 0.8, epsilon: 0.1 },
      { norm: 'm-l2' },
      { alpha: 0.7, norm: 'm-fro' },
      { norm: 'm-fro', gradient: 'k-matrix' },
    ] as MatrixPowerOptions[])('is the derivative of the formula for %o (spec 2.2, 2.3)', async (options) => {
      const a = gram(5, 12, 'gradient');
      const w = symmetrise(seededMatrix(5, 5, 'w'));
      const { actual, expected } = await symmetricGradients(
        a,
        w,
        (x) => matrixPower(x, options),
        (x) => powerOracle(x, options),
      );
      await expectClose(actual, expected, { relative: 1e-6 });
    });

    it.each([
      ['more', 9, 4],
      ['fewer', 4, 6],
    ])('by features with %s positions than channels is the derivative', async (_, m, d) => {
      const x = seededValues(m * d, 'features', m);
      const w = seededMatrix(d, d, 'w', d);
      for (const options of [{}, { small: 'floor' }, { norm: 'm-fro' }] as MatrixPowerOptions[]) {
        const numeric = numericGradient((values) => {
          const q = powerOracle(covarianceOracle(toMatrix(values, d)), options);
          return flatten(q).reduce((total, value, i) => total + value * flatten(w)[i]!, 0);
        }, x);
        const gradient = grad((t: Tensor) => sum(mul(matrixPowerCov(t, options), batchOf(w))))(tensor(x, [1, m, d]));
        await expectClose(gradient, numeric, { relative: 1e-6 });
      }
    });

    it('through K is the published one, with floored and with near eigenvalues (spec 5.2, 5.3)', async () => {
      const u = eigen(gram(6, 9, 'basis')).vectors;
      const a = times(times(u, diagonal([2, 1.9, 0.5, 0.3, 0.1, 0.02])), transpose(u)).map((row) =>
        row.map(Math.fround),
      );
      const g = seededMatrix(6, 6, 'G');
      const ratio = (f: (x: number) => number) => (li: number, lj: number) =>
        li >= lj ? f(lj / li) / li : -f(li / lj) / lj;
      const series = (x: number) => Array.from({ length: 101 }, (_, k) => x ** k).reduce((p, q) => p + q);
      const variants: [MatrixPowerOptions['gradient'], (li: number, lj: number) => number][] = [
        ['k-matrix', (li, lj) => 1 / (li - lj)],
        ['trunc', (li, lj) => Math.min(Math.max(1 / (li - lj), -1e10), 1e10)],
        ['taylor', ratio(series)],
        ['pade', ratio((x) => 1 / Math.max(1 - x, 2.2e-16))],
      ];
      for (const [gradient, k] of variants) {
        const expected = publishedGradient(a, g, Number.EPSILON, k);
        const found = symmetrise(await gradientOf(a, g, { gradient, small: 'floor' }));
        await expectClose(flatten(found), flatten(expected), { relative: 1e-6 });
      }
    });

    it('through K drops what lies between kept and cut directions, as released (spec 2.2)', async () => {
      const [m, d] = [4, 6];
      const x = seededMatrix(m, d, 'cut');
      const g = seededMatrix(d, d, 'G');
      const sigma = covarianceOracle(x);
      const { values, vectors } = eigen(sigma);
      const u = vectors.map((row) => row.map((value, k) => (values[k]! > 1e-12 ? value : 0)));
      const h = times(times(transpose(u), symmetrise(g)), u);
      const bracket = h.map((row, i) =>
        row.map((value, j) => (value === 0 ? 0 : value / (Math.sqrt(values[i]!) + Math.sqrt(values[j]!)))),
      );
      const da = conjugate(bracket, u);
      const mean = x[0]!.map((_, j) => x.reduce((total, row) => total + row[j]!, 0) / m);
      const centred = x.map((row) => row.map((value, j) => value - mean[j]!));
      const expected = scale(times(centred, da), 2 / m);
      const found = grad((t: Tensor) => sum(mul(matrixPowerCov(t, { gradient: 'k-matrix' }), batchOf(g))))(tensor([x]));
      await expectClose(found, flatten(expected), { relative: 1e-6 });
    });

    it('of SVD-Newton is that of ten Newton–Schulz iterations', async () => {
      for (const rows of [12, 3]) {
        const [a, g] = [gram(5, rows, 'newton'), gram(5, 5, 'G')];
        const newton = grad((x: Tensor) => sum(mul(newtonSchulzSqrt(x as Tensor3D, { iterations: 10 }), batchOf(g))))(
          batchOf(a),
        );
        const found = await gradientOf(a, g, { gradient: 'newton' });
        // float32 iterations against float64; zero eigenvalues are rounded to 1e-7, and L there is about 1.5^10.
        await expectClose(flatten(found), await newton.data(), { relative: rows === 12 ? 2e-5 : 2e-4 });
      }
    });

    it('of power iteration as released is zero (spec 5.5)', async () => {
      const found = await gradientOf(gram(3, 5), gram(3, 3), { gradient: 'pi-released' });
      expect(flatten(found)).toEqual(new Array<number>(9).fill(0));
    });
  });
});
