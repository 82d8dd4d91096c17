import {
  batchOf,
  covarianceOracle,
  diagonal,
  eigen,
  expectClose,
  expectNoLeak,
  flatten,
  frobenius,
  identity,
  type Matrix,
  numericGradient,
  scale,
  seededTensor,
  seededValues,
  spectral,
  symmetrise,
  times,
  toMatrix,
  transpose,
  triu,
} from '@covpool/testing';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeWebgpu, run } from '../on-webgpu.fixture.ts';
import type { PowerGradient } from './loewner.ts';

const published = { alpha: 0.5, epsilon: 0, norm: 'none', gradient: 'exact', small: 'cut' };
type Options = Partial<typeof published>;

const S0: Matrix = [[2, 1], [1, 2]]; // prettier-ignore

/** XᵀX of d + 4 random vectors. */
const gram = (d: number, ...key: (string | number)[]): Matrix => {
  const x = toMatrix(seededValues(d * (d + 4), ...key), d);
  return times(transpose(x), x).map((row) => row.map(Math.fround));
};

function power(a: Matrix, { alpha = 0.5, epsilon = 0, norm = 'none' }: Options): Matrix {
  const limit = 1e-6 * eigen(a).values[0]!;
  const q = spectral(a, (value) => (value > limit ? (value + epsilon) ** alpha : 0));
  if (norm === 'm-fro') return scale(q, 1 / frobenius(q));
  return norm === 'm-l2' ? scale(q, 1 / eigen(q).values[0]!) : q;
}

const forward = (a: Tensor, options: Options = {}) => run('MatrixPowerOfMatrix', { a }, { ...published, ...options });

async function gradientOf(a: Matrix, g: Matrix, options: Options): Promise<Matrix> {
  const [, state] = forward(batchOf(a), options);
  const inputs = { dy: batchOf(g), state: state! };
  const [da] = run('MatrixPowerOfMatrixGradient', inputs, { ...published, ...options });
  return toMatrix(await da!.data(), a.length);
}

/** The published backward pass of the SVD layers, symmetrised: spec 5.2 with a K of one's own. */
function publishedGradient(a: Matrix, g: Matrix, k: (li: number, lj: number) => number): Matrix {
  const { values: lambda, vectors: u } = eigen(a);
  const du = times(times(scale(symmetrise(g), 2), u), diagonal(lambda.map(Math.sqrt)));
  const inner = times(transpose(u), du);
  const own = times(times(transpose(u), g), u);
  const bracket = inner.map((row, i) =>
    row.map((value, j) => (i === j ? (0.5 / Math.sqrt(lambda[i]!)) * own[i]![i]! : k(lambda[j]!, lambda[i]!) * value)),
  );
  return symmetrise(times(times(u, bracket), transpose(u)));
}

const variants: Options[] = [
  {},
  { alpha: 0.3 },
  { alpha: 0.8, epsilon: 0.1 },
  { norm: 'm-l2' },
  { alpha: 0.7, norm: 'm-fro' },
  { norm: 'm-fro', gradient: 'k-matrix' },
];

describeWebgpu('matrix power in WGSL', () => {
  describe('values', () => {
    it('is ((√3+1)/2, (√3−1)/2) for [[2,1],[1,2]] (spec 2.6)', async () => {
      const [large, little] = [(Math.sqrt(3) + 1) / 2, (Math.sqrt(3) - 1) / 2];
      await expectClose(forward(batchOf(S0))[0]!, [large, little, little, large]);
    });

    it.each(variants)('is the formula for %o', async (options) => {
      const a = [gram(5, 'values', 0), gram(5, 'values', 1)];
      const expected = a.flatMap((m) => flatten(power(m, options)));
      await expectClose(forward(batchOf(...a), options)[0]!, expected);
    });

    it('of singular matrices: what float32 cannot tell from zero is cut, or raised to 2⁻²³', async () => {
      const x = toMatrix(seededValues(3 * 9, 'singular'), 9);
      const sigma = covarianceOracle(x);
      await expectClose(forward(batchOf(sigma))[0]!, flatten(power(sigma, {})));
      const floored = spectral(sigma, (value) => Math.sqrt(Math.max(value, 2 ** -23)));
      // Two eigenvalues of the nine are not zero; the error of others' squares is that of float32: 2⁻²⁴ of the norm.
      const absolute = Math.sqrt(8 * 2 ** -24 * eigen(sigma).values[0]!);
      await expectClose(forward(batchOf(sigma), { small: 'floor' })[0]!, flatten(floored), { relative: 0, absolute });
    });

    it('of rows is that of their covariance', async () => {
      const x = toMatrix(seededValues(6 * 4, 'rows'), 4);
      const [result] = run('MatrixPowerOfRows', { x: batchOf(x) }, { ...published, centering: true });
      await expectClose(result!, flatten(power(covarianceOracle(x), {})));
    });
  });

  describe('gradient', () => {
    it.each(variants)('is the derivative of the formula for %o (spec 2.2, 2.3)', async (options) => {
      const [a, w] = [gram(5, 'gradient'), symmetrise(toMatrix(seededValues(25, 'w'), 5))];
      const weights = flatten(w);
      const numeric = numericGradient((upper) => {
        const full = identity(5);
        let k = 0;
        for (let i = 0; i < 5; i++) for (let j = i; j < 5; j++) full[i]![j] = full[j]![i] = upper[k++]!;
        return flatten(power(full, options)).reduce((total, value, i) => total + value * weights[i]!, 0);
      }, triu(a));
      const gradient = await gradientOf(a, w, options);
      // A step of an entry above the diagonal moves its mirror image too.
      const expected = triu(gradient.map((row, i) => row.map((value, j) => (i === j ? value : 2 * value))));
      await expectClose(expected, numeric);
    });

    it('of the sum of the upper triangle at [[2,1],[1,2]], by every rule (spec 2.6, 5.3)', async () => {
      const upper = [[1, 1], [0, 1]]; // prettier-ignore
      for (const gradient of ['exact', 'k-matrix', 'trunc', 'taylor', 'pade', 'pi', 'newton'] as PowerGradient[]) {
        const found = await gradientOf(S0, upper, { gradient });
        await expectClose(flatten(found), [0.34150635, 0.09150635, 0.09150635, 0.34150635]);
      }
      expect(flatten(await gradientOf(S0, upper, { gradient: 'pi-released' }))).toEqual([0, 0, 0, 0]);
    });

    it('through K is the published one (spec 5.2, 5.3)', async () => {
      const u = eigen(gram(6, 'basis')).vectors;
      const a = times(times(u, diagonal([2, 1.7, 0.9, 0.5, 0.3, 0.1])), transpose(u));
      const g = toMatrix(seededValues(36, 'G'), 6);
      const ratio = (f: (x: number) => number) => (li: number, lj: number) =>
        li >= lj ? f(lj / li) / li : -f(li / lj) / lj;
      const series = (x: number) => Array.from({ length: 101 }, (_, k) => x ** k).reduce((p, q) => p + q);
      const rules: [PowerGradient, (li: number, lj: number) => number][] = [
        ['k-matrix', (li, lj) => 1 / (li - lj)],
        ['trunc', (li, lj) => 1 / (li - lj)],
        ['taylor', ratio(series)],
        ['pade', ratio((x) => 1 / (1 - x))],
      ];
      for (const [gradient, k] of rules) {
        const found = symmetrise(await gradientOf(a, g, { gradient, small: 'floor' }));
        await expectClose(flatten(found), flatten(publishedGradient(a, g, k)));
      }
    });

    it('exact is finite where eigenvalues meet: half of G for the identity', async () => {
      const g = symmetrise(toMatrix(seededValues(16, 'G'), 4));
      await expectClose(flatten(await gradientOf(identity(4), g, {})), flatten(scale(g, 0.5)));
    });

    it('by features is the derivative', async () => {
      const [m, d] = [9, 4];
      const [x, w] = [seededValues(m * d, 'features'), toMatrix(seededValues(d * d, 'w'), d)];
      const numeric = numericGradient((values) => {
        const q = flatten(power(covarianceOracle(toMatrix(values, d)), {}));
        return q.reduce((total, value, i) => total + value * flatten(w)[i]!, 0);
      }, x);
      const attributes = { ...published, centering: true };
      const rows = batchOf(toMatrix(x, d));
      const [, state] = run('MatrixPowerOfRows', { x: rows }, attributes);
      const [dx] = run('MatrixPowerOfRowsGradient', { dy: batchOf(w), x: rows, state: state! }, attributes);
      await expectClose(dx!, numeric);
    });
  });

  describe('memory', () => {
    it('keeps nothing but its results', async () => {
      const [a, dy] = [batchOf(gram(3, 'memory')), seededTensor([1, 3, 3], 'G')];
      await expectNoLeak(() => {
        const [result, state] = forward(a);
        const [da] = run('MatrixPowerOfMatrixGradient', { dy, state: state! }, published);
        for (const tensor of [result, state, da]) tensor!.dispose();
      });
    });
  });
});
