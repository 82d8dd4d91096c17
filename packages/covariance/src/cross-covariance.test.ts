import {
  covarianceOracle,
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  inner,
  type Matrix,
  numericGradient,
  scale,
  seededMatrix,
  seededTensor,
  times,
  tolerance,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { fill, grads, mul, sum, type Tensor, tensor, transpose as swap, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { type Centering, crossCovariance } from './cross-covariance.ts';

const average = (values: number[]): number => values.reduce((total, value) => total + value, 0) / values.length;

function centred(x: Matrix, centering: Centering): Matrix {
  const means = transpose(x).map(average);
  const offset = { channel: means, scalar: means.map(() => average(means)), none: means.map(() => 0) }[centering];
  return x.map((row) => row.map((value, j) => value - offset[j]!));
}

const oracle = (q: Matrix, k: Matrix, centering: Centering): Matrix =>
  scale(times(transpose(centred(q, centering)), centred(k, centering)), 1 / q.length);

const centerings = ['channel', 'scalar', 'none'] as const;

describeEngines('crossCovariance', () => {
  describe('values', () => {
    // Means (2, 4) and (1, 2): rows ∓(1, 2) against ±(1, 1).
    const [q, k] = [
      [1, 2, 3, 6],
      [2, 3, 0, 1],
    ];
    it.each([
      ['channel', [-1, -1, -2, -2]],
      // One mean of 3 for q and of 1.5 for k: rows (−2, −1), (0, 3) against (0.5, 1.5), (−1.5, −0.5).
      ['scalar', [-0.5, -1.5, -2.5, -1.5]],
      ['none', [1, 3, 2, 6]],
    ] as const)('of two positions, centering %s (spec 6.5)', (centering, expected) =>
      expectClose(crossCovariance(tensor(q, [1, 2, 2]), tensor(k, [1, 2, 2]), { centering }), expected),
    );

    it.each(centerings)('is that of the definition, image by image, centering %s (spec 6.5)', async (centering) => {
      const [left, right] = [seededTensor([2, 6, 3], 'q'), seededTensor([2, 2, 3, 4], 'k')];
      const [a, b] = [await left.data(), await right.data()];
      const expected = [0, 1].flatMap((image) =>
        oracle(
          toMatrix(a.slice(18 * image, 18 * (image + 1)), 3),
          toMatrix(b.slice(24 * image, 24 * (image + 1)), 4),
          centering,
        ).flat(),
      );
      await expectClose(crossCovariance(left, right, { centering }), expected);
    });

    it('of features with themselves is the covariance', async () => {
      const x = seededTensor([1, 7, 3], 'self');
      await expectClose(crossCovariance(x, x), covarianceOracle(toMatrix(await x.data(), 3)).flat());
    });

    it.each(['channel', 'scalar'] as const)('of constant features is zero, centering %s', (centering) => {
      const x = fill([1, 4, 3], 0.5);
      return expectClose(crossCovariance(x, x, { centering }), new Array<number>(9).fill(0), { relative: 0 });
    });
  });

  describe('properties', () => {
    const wild = fc.record({
      n: fc.integer({ min: 1, max: 9 }),
      r: fc.integer({ min: 1, max: 5 }),
      s: fc.integer({ min: 1, max: 5 }),
      key: fc.nat(1000),
      factor: fc.double({ min: 0.1, max: 10, noNaN: true }),
      shift: fc.double({ min: -3, max: 3, noNaN: true }),
      centering: fc.constantFrom(...centerings),
    });
    const run = { seed: 6, numRuns: 25 };

    it('is transposed when its arguments change places', () =>
      fc.assert(
        fc.asyncProperty(wild, async ({ n, r, s, key, centering }) => {
          const [q, k] = [seededTensor([2, n, r], 'q', key), seededTensor([2, n, s], 'k', key)];
          const turned = swap(crossCovariance(k, q, { centering }), [0, 2, 1]);
          await expectClose(crossCovariance(q, k, { centering }), await turned.data(), { absolute: 1e-6 });
        }),
        run,
      ));

    it('is linear in each, and ignores a constant per channel and the order of the positions', () =>
      fc.assert(
        fc.asyncProperty(wild, async ({ n, r, s, key, factor, shift }) => {
          const [q, k] = [seededMatrix(n, r, key), seededMatrix(n, s, key, 'k')];
          const moved = q.map((row) => row.map((value, j) => factor * (value + shift * j))).reverse();
          const expected = oracle(q, k, 'channel').flatMap((row) => row.map((value) => factor * value));
          await expectClose(
            crossCovariance(tensor(moved.flat(), [1, n, r]), tensor([...k].reverse().flat(), [1, n, s])),
            expected,
            // A constant of up to 12 costs as many units in the last place of the features.
            { relative: 2 * tolerance(), absolute: factor * 12 * 4 * 2 ** -23 },
          );
        }),
        run,
      ));
  });

  describe('gradient', () => {
    it.each(centerings)('is the derivative of the definition in both, centering %s (spec 6.5)', async (centering) => {
      const [n, r, s] = [5, 3, 2];
      const [q, k, g] = [seededTensor([1, n, r], 'q'), seededTensor([1, n, s], 'k'), seededTensor([1, r, s], 'g')];
      const [a, b] = [toMatrix(await q.data(), r), toMatrix(await k.data(), s)];
      const weights = toMatrix(await g.data(), s);
      const [dq, dk] = grads((left: Tensor, right: Tensor) => sum(mul(crossCovariance(left, right, { centering }), g)))(
        [q, k],
      );
      const loss = (left: Matrix, right: Matrix): number => inner(oracle(left, right, centering), weights);
      await expectClose(
        dq!,
        numericGradient((values) => loss(toMatrix(values, r), b), a.flat()),
      );
      await expectClose(
        dk!,
        numericGradient((values) => loss(a, toMatrix(values, s)), b.flat()),
      );
    });
  });

  describe('rejects', () => {
    it('features that do not belong together', async () => {
      const cross = (a: number[], b: number[]) => () => crossCovariance(zeros(a), zeros(b));
      const message = /crossCovariance: q and k must have the same images and positions, got \[1,3,2\]/;
      await expectCovpoolError(cross([1, 3, 2], [1, 4, 2]), 'bad-argument', message);
      await expectCovpoolError(cross([1, 3, 2], [2, 3, 2]), 'bad-argument', message);
      await expectCovpoolError(cross([3, 2], [3, 2]), 'bad-argument', /crossCovariance: features must be/);
    });

    it('an unknown centering', () =>
      expectCovpoolError(
        () => crossCovariance(zeros([1, 2, 2]), zeros([1, 2, 2]), { centering: 'row' as Centering }),
        'bad-argument',
        /crossCovariance: unknown centering 'row'; known: channel, none, scalar/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [q, k] = [seededTensor([2, 4, 3], 'q'), seededTensor([2, 4, 2], 'k')];
      for (const centering of centerings) {
        await expectNoLeak(() => crossCovariance(q, k, { centering }).dispose());
        await expectNoLeak(() => {
          const made = grads((a: Tensor, b: Tensor) => sum(crossCovariance(a, b, { centering })))([q, k]);
          for (const gradient of made) gradient.dispose();
        });
      }
    });
  });
});
