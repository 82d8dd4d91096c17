import {
  covarianceOracle,
  describeEngines,
  eigen,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  flatten,
  inner,
  type Matrix,
  numericGradient,
  plus,
  seededMatrix,
  seededTensor,
  times,
  tolerance,
  toMatrix,
  transpose,
} from '@covpool/testing';
import {
  fill,
  grad,
  matMul,
  mean,
  mul,
  sub,
  sum,
  type Tensor,
  tensor,
  type Tensor3D,
  transpose as turned,
  zeros,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { covariance } from './covariance.ts';

/** Positions and channels: more of the ones, more of the others, one position, one channel. */
const shapes = [
  [12, 5],
  [4, 9],
  [1, 3],
  [6, 1],
] as const;

/** The rank of a semi-definite matrix of float32 numbers: how many pivots Cholesky's elimination finds above their rounding. */
function rankOf(semidefinite: Matrix): number {
  const rest = semidefinite.map((row) => [...row]);
  const pivots: number[] = [];
  for (;;) {
    const left = rest.map((row, i) => row[i]!);
    const p = left.indexOf(Math.max(...left));
    const pivot = left[p]!;
    if (!(pivot > tolerance() * (pivots[0] ?? 0)) || pivots.length === rest.length) return pivots.length;
    pivots.push(pivot);
    const column = rest.map((row) => row[p]!);
    for (const [i, row] of rest.entries()) {
      const factor = column[i]! / pivot;
      for (const [j, value] of column.entries()) row[j] = row[j]! - factor * value;
    }
  }
}

describeEngines('covariance', () => {
  describe('values', () => {
    it('of four points on the axes is half the identity (spec 1.5)', () =>
      expectClose(covariance(tensor([1, 0, 0, 1, -1, 0, 0, -1], [1, 4, 2])), [0.5, 0, 0, 0.5], { relative: 0 }));

    it('of ±√3(1,1), ±(1,−1) is [[2,1],[1,2]] (spec 1.5)', () => {
      const r = Math.sqrt(3);
      return expectClose(covariance(tensor([r, r, -r, -r, 1, -1, -1, 1], [1, 4, 2])), [2, 1, 1, 2]);
    });

    it.each(shapes)('is that of the definition, %i positions, %i channels', async (m, d) => {
      const x = seededTensor([2, m, d], 'covariance', m, d);
      const values = await x.data();
      const expected = [0, 1].flatMap((b) =>
        flatten(covarianceOracle(toMatrix(values.slice(b * m * d, (b + 1) * m * d), d))),
      );
      await expectClose(covariance(x), expected);
    });

    it('takes a feature map as rows', async () => {
      const map = seededTensor([2, 3, 4, 5], 'map');
      const rows = tensor([...(await map.data())], [2, 12, 5]);
      await expectClose(covariance(map), await covariance(rows).data(), { relative: 0 });
    });

    it('of channels from 1 to 1e-6 in size (condition 1e12) is right in every entry', async () => {
      const sizes = [1, 1e-2, 1e-4, 1e-6];
      const rows = seededMatrix(10, 4, 'sizes').map((row) => row.map((v, j) => Math.fround(v * sizes[j]!)));
      const sigma = await covariance(tensor(rows.flat(), [1, 10, 4])).data();
      const rescaled = (a: ArrayLike<number>): number[] =>
        Array.from(a, (value, k) => value / (sizes[Math.floor(k / 4)]! * sizes[k % 4]!));
      await expectClose(rescaled(sigma), rescaled(flatten(covarianceOracle(rows))));
    });

    it('does not lose a deviation of 1 to a mean of 10,000', async () => {
      const rows = seededMatrix(12, 3, 'mean').map((row) => row.map((v) => Math.fround(v + 1e4)));
      // Half a unit in the last place of the mean, 2⁻¹¹, shifts every deviation of up to 3.
      await expectClose(covariance(tensor(rows.flat(), [1, 12, 3])), flatten(covarianceOracle(rows)), {
        absolute: 2 * 3 * 2 ** -11,
      });
    });

    it('of a constant picture is zero (spec 1.5)', () =>
      expectClose(covariance(fill([1, 4, 4, 3], 0.1)), new Array<number>(9).fill(0), { relative: 0, absolute: 1e-15 }));
  });

  describe('properties', () => {
    const wild = fc.record({
      m: fc.integer({ min: 1, max: 12 }),
      d: fc.integer({ min: 1, max: 7 }),
      key: fc.nat(1000),
      factor: fc.double({ min: 1e-2, max: 1e2, noNaN: true }),
      shift: fc.double({ min: -4, max: 4, noNaN: true }),
    });
    const run = { seed: 3, numRuns: 30 };

    it('is symmetric, positive semi-definite, of rank min(d, M−1) (spec 1.5)', () =>
      fc.assert(
        fc.asyncProperty(wild, async ({ m, d, key }) => {
          const sigma = toMatrix(await covariance(seededTensor([1, m, d], key)).data(), d);
          await expectClose(flatten(sigma), flatten(transpose(sigma)), { relative: 1e-7 });
          const { values } = eigen(sigma);
          const zero = tolerance() * Math.max(values[0]!, 1e-6);
          expect(values.at(-1)!).toBeGreaterThan(-zero);
          expect(values.filter((value) => value > zero).length).toBeLessThanOrEqual(Math.min(d, m - 1));
        }),
        run,
      ));

    it('scales with the square, ignores a constant and the order of the positions (spec 1.5)', () =>
      fc.assert(
        fc.asyncProperty(wild, async ({ m, d, key, factor, shift }) => {
          const rows = seededMatrix(m, d, key);
          const sigma = await covariance(tensor(rows.flat(), [1, m, d])).data();
          const moved = rows.map((row) => row.map((value, j) => factor * (value + shift * j))).reverse();
          await expectClose(
            covariance(tensor(moved.flat(), [1, m, d])),
            [...sigma].map((value) => factor ** 2 * value),
            // The constants, up to 24 deviations, cost as many units in the last place of the features.
            { relative: 2 * tolerance(), absolute: factor ** 2 * 24 * 4 * 2 ** -23 },
          );
        }),
        run,
      ));

    it.each([
      [14, 195],
      [7, 48],
    ])('has rank M−1 of 256 at a side of %i positions: %i (spec 1.5)', async (extent, rank) => {
      const x = seededTensor([1, extent, extent, 256], 'rank', extent);
      expect(rankOf(toMatrix(await covariance(x).data(), 256))).toBe(rank);
    });

    it('swaps rows and columns when channels change places: Pᵀ Σ P (spec 1.5)', async () => {
      const order = [3, 0, 4, 1, 2];
      const rows = toMatrix(await seededTensor([7, 5], 'channels').data(), 5);
      const sigma = toMatrix(await covariance(tensor(rows.flat(), [1, 7, 5])).data(), 5);
      const permuted = rows.map((row) => order.map((j) => row[j]!));
      await expectClose(
        covariance(tensor(permuted.flat(), [1, 7, 5])),
        order.flatMap((i) => order.map((j) => sigma[i]![j]!)),
      );
    });

    it('turns with the channels: the covariance of X V is Vᵀ Σ V (spec 1.5)', () =>
      fc.assert(
        fc.asyncProperty(wild, async ({ m, d, key }) => {
          const rows = seededMatrix(m, d, key);
          const { vectors } = eigen(covarianceOracle(seededMatrix(3 * d, d, 'turn', key)));
          const sigma = covarianceOracle(rows);
          const rotated = tensor(times(rows, vectors).flat(), [1, m, d]);
          await expectClose(covariance(rotated), flatten(times(times(transpose(vectors), sigma), vectors)), {
            absolute: 1e-6,
          });
        }),
        run,
      ));
  });

  describe('gradient', () => {
    it.each(shapes)(
      'is the derivative of the definition for any G, %i positions, %i channels (spec 1.2)',
      async (m, d) => {
        const [x, g] = [seededTensor([1, m, d], 'x', m, d), seededTensor([1, d, d], 'g', d)];
        const weights = toMatrix(await g.data(), d);
        const numeric = numericGradient(
          (values) => inner(covarianceOracle(toMatrix(values, d)), weights),
          await x.data(),
        );
        await expectClose(grad((features: Tensor) => sum(mul(covariance(features), g)))(x), numeric);
      },
    );

    it('is (1/M)(X − x̄)(G + Gᵀ), whose columns sum to zero (spec 1.2)', async () => {
      const [m, d] = [6, 4];
      const [x, g] = [seededTensor([1, m, d], 'formula'), seededTensor([1, d, d], 'formula g')];
      const [rows, weights] = [toMatrix(await x.data(), d), toMatrix(await g.data(), d)];
      const means = transpose(rows).map((column) => column.reduce((total, value) => total + value, 0) / m);
      const centred = rows.map((row) => row.map((value, j) => (value - means[j]!) / m));
      const expected = times(centred, plus(weights, transpose(weights)));
      const ours = grad((features: Tensor) => sum(mul(covariance(features), g)))(x);
      await expectClose(ours, expected.flat());
      await expectClose(sum(ours, 1), new Array<number>(d).fill(0), { absolute: 1e-6 });
    });

    it('ignores what is antisymmetric in G (spec 1.2)', async () => {
      const [x, g] = [seededTensor([1, 5, 3], 'antisymmetric'), seededTensor([1, 3, 3], 'antisymmetric g')];
      const along = (weights: Tensor): Tensor => grad((features: Tensor) => sum(mul(covariance(features), weights)))(x);
      await expectClose(along(g), await along(turned(g, [0, 2, 1])).data(), { absolute: 1e-6 });
    });

    it('is that of plain operations', async () => {
      const [x, g] = [seededTensor([3, 7, 4], 'plain'), seededTensor([3, 4, 4], 'plain g')];
      const plain = (features: Tensor): Tensor => {
        const centred = sub(features, mean(features, 1, true)) as Tensor3D;
        return sum(mul(mul(matMul(centred, centred, true, false), 1 / 7), g));
      };
      const ours = grad((features: Tensor) => sum(mul(covariance(features), g)))(x);
      await expectClose(ours, await grad(plain)(x).data());
    });
  });

  describe('rejects', () => {
    it.each([[[4]], [[2, 3]], [[1, 0, 3]], [[1, 2, 2, 2, 2]]])('features of shape %j', (shape) =>
      expectCovpoolError(() => covariance(zeros(shape)), 'bad-argument', /covariance: features must be \[B,M,d\]/),
    );
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([2, 3, 3, 4], 'memory');
      await expectNoLeak(() => covariance(x).dispose());
      await expectNoLeak(() => grad((features: Tensor) => sum(covariance(features)))(x).dispose());
    });
  });
});
