import {
  describeEngines,
  eigen,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  flatten,
  inner,
  type Matrix,
  numericGradient,
  seededTensor,
  symmetrise,
  tolerance,
  toMatrix,
} from '@covpool/testing';
import { grad, mul, relu, sum, type Tensor, tensor, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { spatialCovarianceOracle } from './oracle.fixture.ts';
import { spatialCovariance } from './spatial-covariance.ts';

/** Positions, channels. */
const shapes = [
  [4, 9],
  [9, 4],
  [1, 3],
  [5, 1],
] as const;

const eigenvalues = async (p: Tensor): Promise<number[]> =>
  eigen(symmetrise(toMatrix(await p.data(), p.shape.at(-1)!))).values;

const sumOfSquares = (values: number[]): number => values.reduce((total, value) => total + value * value, 0);

describeEngines('spatialCovariance', () => {
  describe('values', () => {
    it.each(shapes)('are those of the definition, %i positions, %i channels', async (positions, channels) => {
      const x = seededTensor([2, positions, channels], 'v', positions);
      const rows = toMatrix(await x.data(), channels);
      for (const reference of [false, true]) {
        const expected = [rows.slice(0, positions), rows.slice(positions)].flatMap((v) =>
          flatten(spatialCovarianceOracle(v, reference)),
        );
        await expectClose(spatialCovariance(x, { reference }), expected);
      }
    });

    it('of 64 channels and 64 positions are the same in both forms (spec 7.6)', async () => {
      const x = relu(seededTensor([1, 8, 8, 64], 'square'));
      await expectClose(spatialCovariance(x, { reference: true }), await spatialCovariance(x).data());
    });

    it('of features without a mean differ by the factor c/64 (spec 7.6)', async () => {
      const half = toMatrix(await seededTensor([64, 64], 'half').data(), 64);
      const x = tensor(
        half.flatMap((row) => [...row, ...row.map((value) => -value)]),
        [1, 64, 128],
      );
      const corrected = await spatialCovariance(x).data();
      await expectClose(
        spatialCovariance(x, { reference: true }),
        corrected.map((value) => 2 * value),
      );
    });

    it('of 128 rectified channels reach down to about −21 as released (spec 7.3), and not below 0 as corrected', async () => {
      const x = relu(seededTensor([1, 8, 8, 128], 'rectified'));
      const rows: Matrix = toMatrix(await x.data(), 128);
      const corrected = await eigenvalues(spatialCovariance(x));
      const released = await eigenvalues(spatialCovariance(x, { reference: true }));
      expect(corrected.at(-1)!).toBeGreaterThan(-tolerance() * corrected[0]!);
      // P = 2 Cov − 2 m mᵀ, so that the smallest lies between −2|m|² and 2 λ₁(Cov) − 2|m|²; 2|m|² is 64/π = 20.4 on average.
      const twice = 2 * sumOfSquares(rows.map((row) => row.reduce((total, value) => total + value, 0) / 128));
      expect(released.at(-1)!).toBeGreaterThan(-twice);
      expect(released.at(-1)!).toBeLessThan(2 * corrected[0]! - twice);
      expect(released.at(-1)!).toBeGreaterThan(-22);
      expect(released.at(-1)!).toBeLessThan(-18);
    });
  });

  describe('properties', () => {
    it('ignore a constant added at all channels of a position, as corrected', async () => {
      const x = await seededTensor([1, 6, 5], 'shift').data();
      const shifted = x.map((value, i) => value + Math.floor(i / 5));
      await expectClose(
        spatialCovariance(tensor(shifted, [1, 6, 5])),
        await spatialCovariance(tensor(x, [1, 6, 5])).data(),
      );
    });

    it('of a constant map are zero, as corrected', () =>
      expectClose(
        spatialCovariance(tensor(new Array<number>(32).fill(0.1), [1, 2, 2, 8])),
        new Array<number>(16).fill(0),
        {
          relative: 0,
          absolute: 1e-15,
        },
      ));
  });

  describe('gradient', () => {
    it.each(shapes)('is the derivative of the definition, %i positions, %i channels', async (positions, channels) => {
      const x = seededTensor([1, positions, channels], 'x', positions);
      const g = seededTensor([1, positions, positions], 'g', channels);
      const weights = toMatrix(await g.data(), positions);
      for (const reference of [false, true]) {
        const value = (v: number[]) => inner(spatialCovarianceOracle(toMatrix(v, channels), reference), weights);
        const ours = grad((v: Tensor) => sum(mul(spatialCovariance(v, { reference }), g)))(x);
        await expectClose(ours, numericGradient(value, await x.data()));
      }
    });
  });

  describe('rejects', () => {
    it('features without positions', () =>
      expectCovpoolError(
        () => spatialCovariance(zeros([2, 3])),
        'bad-argument',
        /spatialCovariance: features must be \[B,M,d\] or \[B,H,W,d\].*got \[2,3\]/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([2, 4, 3], 'memory');
      await expectNoLeak(() => spatialCovariance(x).dispose());
      await expectNoLeak(() => spatialCovariance(x, { reference: true }).dispose());
    });
  });
});
