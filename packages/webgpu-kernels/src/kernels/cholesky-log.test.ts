import {
  batchOf,
  covarianceOracle,
  diagonal,
  expectClose,
  expectNoLeak,
  flatten,
  identity,
  inner,
  type Matrix,
  numericGradient,
  plus,
  S0,
  scale,
  seededGram,
  seededMatrix,
  symmetrise,
  times,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { fill, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeForms, run } from '../on-webgpu.fixture.ts';

/** The textbook's recurrence in float64, row by row; no pivot below ε. */
function logOracle(a: Matrix, epsilon = 1e-6): Matrix {
  const l: Matrix = a.map((row) => row.map(() => 0));
  const sum = (i: number, j: number) => l[i]!.slice(0, j).reduce((total, value, k) => total + value * l[j]![k]!, 0);
  for (const [i, row] of a.entries()) {
    for (let j = 0; j < i; j++) l[i]![j] = (row[j]! - sum(i, j)) / l[j]![j]!;
    l[i]![i] = Math.sqrt(Math.max(row[i]! + epsilon - sum(i, i), epsilon));
  }
  return l.map((row, i) => row.map((value, j) => (i === j ? 2 * Math.log(value) : i > j ? value : l[j]![i]!)));
}

const image = (a: Matrix[], epsilon = 1e-6): Tensor => run('CholeskyLog', { a: batchOf(...a) }, { epsilon })[0]!;

const ofRows = (x: Matrix[], epsilon = 1e-6): Tensor => run('CholeskyLogOfRows', { x: batchOf(...x) }, { epsilon })[0]!;

const gradient = (name: 'a' | 'x', dy: Matrix[], at: Matrix[], epsilon = 1e-6): Tensor =>
  run(
    name === 'a' ? 'CholeskyLogGradient' : 'CholeskyLogOfRowsGradient',
    { dy: batchOf(...dy), [name]: batchOf(...at) },
    { epsilon },
  )[0]!;

describeForms('logarithm of the Cholesky factor in WGSL', () => {
  describe('values', () => {
    it('of [[2,1],[1,2]] has the computed triangle (spec 9.4)', async () => {
      // Six decimals; ε adds up to 1e-6 to the second pivot's logarithm.
      await expectClose(image([S0]), [0.693147, 0.707107, 0.707107, 0.405465], { absolute: 2e-6 });
    });

    // One thread, a small group, a large one, more rows than threads.
    it.each([1, 5, 64, 70, 260])('of matrices of side %i', async (d) => {
      const a = d > 100 ? [seededGram(d, 4 * d, 'a')] : [seededGram(d, 4 * d, 'a'), seededGram(d, 3 * d, 'b')];
      await expectClose(
        image(a),
        a.flatMap((m) => flatten(logOracle(m))),
      );
      await expectClose(image(a.slice(0, 1), 0.1), flatten(logOracle(a[0]!, 0.1)));
    });

    it('of a zero matrix is log ε on the diagonal', () =>
      expectClose(image([scale(identity(3), 0)]), flatten(scale(identity(3), Math.log(1e-6)))));

    it.each([
      [12, 5],
      [300, 70],
    ])('of %i rows of %i channels are those of their covariance', async (m, d) => {
      const x = [seededMatrix(m, d, 'x', 0), seededMatrix(m, d, 'x', 1)];
      await expectClose(
        ofRows(x),
        x.flatMap((rows) => flatten(logOracle(covarianceOracle(rows)))),
      );
    });
  });

  describe('properties', () => {
    it('is symmetric bit for bit, and A + εI comes back', async () => {
      const d = 20;
      const a = seededGram(d, 2 * d, 'property');
      const values = toMatrix(await image([a]).data(), d);
      await expectClose(flatten(values), flatten(transpose(values)), { relative: 0 });
      const l = values.map((row, i) => row.map((value, j) => (i === j ? Math.exp(value / 2) : i > j ? value : 0)));
      await expectClose(flatten(times(l, transpose(l))), flatten(plus(a, scale(identity(d), 1e-6))));
    });

    it('stays finite for any rank, condition and ties, with its gradient', async () => {
      const a = [
        seededGram(6, 1),
        seededGram(6, 3),
        identity(6),
        diagonal([1, 1e-3, 1e-6, 1e-9, 1e-12, 0]),
        scale(seededGram(6, 2), 1e6),
      ];
      const dy = a.map(() => a[2]!.map((row) => row.map(() => 1)));
      const all = [...(await image(a).data()), ...(await gradient('a', dy, a).data())];
      expect(all.every(Number.isFinite)).toBe(true);
    });

    it('has float32’s pivots: those of low rank are ε, within what A itself is rounded by', async () => {
      const d = 6;
      const a = seededGram(d, 2, 'low');
      const epsilon = 1e-3;
      const values = await image([a], epsilon).data();
      const expected = flatten(logOracle(a, epsilon));
      // A pivot is off by some d roundings of the diagonal, so the root by half of that over √ε, and what it divides as much.
      const off = (d * Math.max(...flatten(a)) * 2 ** -24) / epsilon;
      await expectClose(values, expected, { absolute: 2 * off });
    });
  });

  describe('gradient', () => {
    it.each([1, 2, 3, 5])('is the symmetric derivative for any G, %i channels', async (d) => {
      const [a, g] = [seededGram(d, 3 * d, 'gradient'), seededMatrix(d, d, 'G', d)];
      const numeric = numericGradient((values) => inner(logOracle(symmetrise(toMatrix(values, d))), g), flatten(a));
      await expectClose(gradient('a', [g], [a]), numeric);
    });

    it.each([64, 70, 260])('is the derivative in a direction, %i channels', async (d) => {
      const [a, g] = [seededGram(d, 4 * d, 'gradient'), seededMatrix(d, d, 'G')];
      const v = scale(symmetrise(seededMatrix(d, d, 'V')), 1 / d);
      const at = (t: number) => inner(logOracle(plus(a, scale(v, t))), g);
      const da = toMatrix(await gradient('a', [g], [a]).data(), d);
      await expectClose(flatten(da), flatten(transpose(da)), { relative: 0 });
      // A slope sums d² products of random sign: its error against their size, not against what cancels.
      const direction = flatten(v);
      const size = Math.sqrt(flatten(da).reduce((sum, value, i) => sum + (value * direction[i]!) ** 2, 0));
      await expectClose([inner(da, v)], [(at(1e-4) - at(-1e-4)) / 2e-4], { absolute: 5e-5 * size });
    });

    it.each([
      [12, 5],
      [9, 4],
    ])('of features is the derivative too, %i positions, %i channels', async (m, d) => {
      const [x, g] = [seededMatrix(m, d, 'dx', m), seededMatrix(d, d, 'dG', d)];
      const loss = (values: number[]) => inner(logOracle(covarianceOracle(toMatrix(values, d))), g);
      await expectClose(gradient('x', [g], [x]), numericGradient(loss, flatten(x)));
    });

    it('of features of low rank is the derivative where ε carries the pivots', async () => {
      const [x, g] = [seededMatrix(3, 5, 'low'), seededMatrix(5, 5, 'low G')];
      const loss = (values: number[]) => inner(logOracle(covarianceOracle(toMatrix(values, 5)), 0.5), g);
      await expectClose(gradient('x', [g], [x], 0.5), numericGradient(loss, flatten(x)));
    });

    it('is zero for a constant picture', async () => {
      const [dx] = run(
        'CholeskyLogOfRowsGradient',
        { dy: fill([1, 3, 3], 1), x: fill([1, 4, 3], 2) },
        { epsilon: 1e-6 },
      );
      await expectClose(dx!, new Array<number>(12).fill(0), { relative: 0 });
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', () =>
      expectNoLeak(() => {
        tidy(() => {
          gradient('a', [S0], [S0]);
          gradient('x', [S0], [S0]);
          image([S0]);
          run('CholeskyLogOfRows', { x: zeros([2, 3, 4]) }, { epsilon: 1 });
        });
      }));
  });
});
