import {
  alongTriu,
  batchOf,
  conjugate,
  covarianceOracle,
  diagonal,
  eigen,
  expectClose,
  expectNoLeak,
  flatten,
  frobenius,
  fromTriu,
  identity,
  inner,
  type Matrix,
  numericGradient,
  S0,
  scale,
  seededMatrix,
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
import { describeForms, run } from '../on-webgpu.fixture.ts';
import type { PowerGradient } from './loewner.ts';

const published = { alpha: 0.5, epsilon: 0, norm: 'none', gradient: 'exact', small: 'cut' };
type Options = Partial<typeof published>;

/** XᵀX of d + 4 random vectors. */
const gram = (d: number, ...key: (string | number)[]): Matrix => {
  const x = seededMatrix(d + 4, d, ...key);
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
  return symmetrise(conjugate(bracket, u));
}

const variants: Options[] = [
  {},
  { alpha: 0.3 },
  { alpha: 0.8, epsilon: 0.1 },
  { norm: 'm-l2' },
  { alpha: 0.7, norm: 'm-fro' },
  { norm: 'm-fro', gradient: 'k-matrix' },
];

describeForms('matrix power in WGSL', () => {
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
      const x = seededMatrix(3, 9, 'singular');
      const sigma = covarianceOracle(x);
      await expectClose(forward(batchOf(sigma))[0]!, flatten(power(sigma, {})));
      const floored = spectral(sigma, (value) => Math.sqrt(Math.max(value, 2 ** -23)));
      // Two eigenvalues of the nine are not zero; the error of others' squares is that of float32: 2⁻²⁴ of the norm.
      const absolute = Math.sqrt(8 * 2 ** -24 * eigen(sigma).values[0]!);
      await expectClose(forward(batchOf(sigma), { small: 'floor' })[0]!, flatten(floored), { relative: 0, absolute });
    });

    it('of rows is that of their covariance', async () => {
      const x = seededMatrix(6, 4, 'rows');
      const [result] = run('MatrixPowerOfRows', { x: batchOf(x) }, { ...published, centering: true });
      await expectClose(result!, flatten(power(covarianceOracle(x), {})));
    });
  });

  describe('gradient', () => {
    it.each(variants)('is the derivative of the formula for %o (spec 2.2, 2.3)', async (options) => {
      const [a, w] = [gram(5, 'gradient'), symmetrise(seededMatrix(5, 5, 'w'))];
      const numeric = numericGradient((upper) => inner(w, power(fromTriu(upper, 5), options)), triu(a));
      await expectClose(alongTriu(await gradientOf(a, w, options)), numeric);
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
      const a = conjugate(diagonal([2, 1.7, 0.9, 0.5, 0.3, 0.1]), u);
      const g = seededMatrix(6, 6, 'G');
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
      const g = symmetrise(seededMatrix(4, 4, 'G'));
      await expectClose(flatten(await gradientOf(identity(4), g, {})), flatten(scale(g, 0.5)));
    });

    it('by features is the derivative', async () => {
      const [m, d] = [9, 4];
      const [x, w] = [seededValues(m * d, 'features'), seededMatrix(d, d, 'w')];
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
