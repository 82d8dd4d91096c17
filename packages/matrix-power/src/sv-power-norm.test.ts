import {
  describeEngines,
  diagonal,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  flatten,
  type Matrix,
  minus,
  numericGradient,
  plus,
  scale,
  seededTensor,
  seededValues,
  tolerance,
  toMatrix,
  transpose,
} from '@covpool/testing';
import {
  grads,
  mul,
  type Rank,
  sum,
  type Tensor,
  tensor,
  tensor1d,
  type Tensor1D,
  type Tensor3D,
  zeros,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { svPowerNorm, type SvPowerNormOptions } from './sv-power-norm.ts';

const apply = (a: Matrix, v: number[]): number[] =>
  a.map((row) => row.reduce((total, value, j) => total + value * v[j]!, 0));
const unit = (v: number[]): number[] => v.map((value) => value / Math.hypot(...v));
const outer = (u: number[], v: number[]): Matrix => u.map((p) => v.map((q) => p * q));

/** The authors' loop in float64. */
function oracle(
  x: Matrix,
  start: number[],
  { alpha = 0.5, iterations = 1, triplets = 1 }: SvPowerNormOptions = {},
): Matrix {
  let powered = scale(x, 0);
  let s = 0;
  for (let i = 0; i < triplets; i++) {
    let [u, v] = [[] as number[], start];
    for (let k = 0; k < iterations; k++) {
      u = unit(apply(x, v));
      v = unit(apply(transpose(x), u));
    }
    s = apply(x, v).reduce((total, value, j) => total + value * u[j]!, 0);
    x = minus(x, scale(outer(u, v), s));
    powered = plus(powered, scale(outer(u, v), s ** alpha));
  }
  return plus(powered, scale(x, 1 / (s ** (1 - alpha) + 1e-5)));
}

/** A matrix that need not be square, as a batch of one. */
function batchOf(a: Matrix): Tensor3D {
  return tensor(flatten(a), [1, a.length, a[0]!.length]);
}

const options: SvPowerNormOptions[] = [
  {},
  { iterations: 3 },
  { iterations: 2, triplets: 2 },
  { alpha: 0.7, iterations: 2, triplets: 3 },
];

describeEngines('svPowerNorm', () => {
  describe('values', () => {
    it('of diag(4,1) with its leading vector is diag(2, 0.4999975) (spec 6.6)', async () => {
      await expectClose(svPowerNorm(batchOf(diagonal([4, 1])), tensor1d([1, 0])), [2, 0, 0, 0.4999975]);
      await expectClose(flatten(oracle(diagonal([4, 1]), [1, 0])), [2, 0, 0, 0.4999975], { relative: 1e-8 });
    });

    it.each(options)("is that of the authors' loop with %j", async (option) => {
      for (const [rows, columns] of [
        [4, 4],
        [5, 3],
        [3, 6],
      ] as const) {
        const x = seededTensor<Rank.R3>([2, rows, columns], 'x', rows);
        const start = seededValues(columns, 'start', columns);
        const values = toMatrix(await x.data(), columns);
        const expected = [values.slice(0, rows), values.slice(rows)].flatMap((a) => flatten(oracle(a, start, option)));
        await expectClose(svPowerNorm(x, tensor1d(start), option), expected);
      }
    });

    it('approaches the true power of singular values for all triplets', async () => {
      const all = { iterations: 60, triplets: 3 };
      const turned = svPowerNorm(batchOf(diagonal([1, 9, 4])), tensor1d([1, 1, 1]), all);
      await expectClose(turned, flatten(diagonal([1, 3, 2])));
    });

    it('of a zero matrix is zero', () =>
      expectClose(svPowerNorm(zeros([1, 2, 3]), tensor1d([1, 2, 3])), new Array<number>(6).fill(0), { relative: 0 }));
  });

  describe('properties', () => {
    it('does not depend on the length and the sign of the start, and turns with the rows', () =>
      fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 5 }),
          fc.integer({ min: 1, max: 5 }),
          fc.double({ min: 0.1, max: 10, noNaN: true }),
          async (rows, columns, factor) => {
            const [x, start] = [seededTensor<Rank.R3>([1, rows, columns], 'p'), seededValues(columns, 'p start')];
            const one = await svPowerNorm(x, tensor1d(start)).data();
            await expectClose(svPowerNorm(x, tensor1d(start.map((value) => -factor * value))), one);
            const reversed = toMatrix(await x.data(), columns).toReversed();
            await expectClose(
              svPowerNorm(batchOf(reversed), tensor1d(start)),
              toMatrix(one, columns).toReversed().flat(),
            );
          },
        ),
        { seed: 19, numRuns: 20 },
      ));
  });

  describe('gradient', () => {
    it.each(options)('is the derivative for matrices and start with %j', async (option) => {
      const [rows, columns] = [4, 3];
      const x = seededValues(rows * columns, 'gradient x');
      const start = seededValues(columns, 'gradient start');
      const w = seededValues(rows * columns, 'gradient w');
      const loss = (a: number[], v: number[]) =>
        flatten(oracle(toMatrix(a, columns), v, option)).reduce((total, value, i) => total + value * w[i]!, 0);
      const [dx, dStart] = grads((a: Tensor, v: Tensor) =>
        sum(mul(svPowerNorm(a as Tensor3D, v as Tensor1D, option), tensor(w, [1, rows, columns]))),
      )([tensor(x, [1, rows, columns]), tensor1d(start)]);
      // Each deflation subtracts matrices of about the same size; three of them cost two bits.
      const relative = 4 * tolerance();
      await expectClose(
        dx!,
        numericGradient((a) => loss(a, start), x, 1e-5),
        { relative },
      );
      await expectClose(
        dStart!,
        numericGradient((v) => loss(x, v), start, 1e-5),
        { relative },
      );
    });

    it('is finite for a zero matrix', async () => {
      const [dx, dStart] = grads((a: Tensor, v: Tensor) => sum(svPowerNorm(a as Tensor3D, v as Tensor1D)))([
        zeros([1, 2, 3]),
        tensor1d([1, 2, 3]),
      ]);
      expect([...(await dx!.data()), ...(await dStart!.data())].every(Number.isFinite)).toBe(true);
    });
  });

  describe('rejects', () => {
    it('what it cannot use', async () => {
      const x = zeros([1, 2, 3]) as Tensor3D;
      await expectCovpoolError(
        () => svPowerNorm(zeros([2, 3]) as unknown as Tensor3D, zeros([3])),
        'bad-argument',
        /matrices .*\[2,3\]/,
      );
      await expectCovpoolError(() => svPowerNorm(x, zeros([2])), 'bad-argument', /start must be \[3\].*\[2\]/);
      await expectCovpoolError(() => svPowerNorm(x, zeros([3]), { alpha: 0 }), 'bad-argument', /alpha .* got 0/);
      await expectCovpoolError(() => svPowerNorm(x, zeros([3]), { iterations: 0 }), 'bad-argument', /iterations/);
      await expectCovpoolError(() => svPowerNorm(x, zeros([3]), { triplets: 1.5 }), 'bad-argument', /triplets/);
      await expectCovpoolError(
        () => svPowerNorm(x, zeros([3]), { triplets: 2 }),
        'bad-argument',
        /2 iterations, got 1/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [x, start] = [seededTensor<Rank.R3>([2, 4, 3], 'memory'), tensor1d([1, 2, 3])];
      await expectNoLeak(() => svPowerNorm(x, start).dispose());
      await expectNoLeak(() =>
        grads((a: Tensor, v: Tensor) => sum(svPowerNorm(a as Tensor3D, v as Tensor1D, { iterations: 2, triplets: 2 })))(
          [x, start],
        ).forEach((gradient) => gradient.dispose()),
      );
    });
  });
});
