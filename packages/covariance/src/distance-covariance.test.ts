import { pooling } from '@covpool/core';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  inner,
  type Matrix,
  numericGradient,
  seededMatrix,
  seededTensor,
  tolerance,
  toMatrix,
  transpose,
  triu,
} from '@covpool/testing';
import { fill, grad, grads, mul, type Scalar, scalar, sum, type Tensor, tensor, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepBdcPooling } from './deep-bdc-pooling.ts';
import { distanceCovariance } from './distance-covariance.ts';

const average = (values: number[]): number => values.reduce((total, value) => total + value, 0) / values.length;

/** By the definition, distance by distance. */
function oracle(x: Matrix, t: number): Matrix {
  const channels = transpose(x);
  const a = channels.map((p) =>
    channels.map((q) => Math.sqrt(Math.exp(t) * p.reduce((total, value, m) => total + (value - q[m]!) ** 2, 0) + 1e-5)),
  );
  const means = a.map(average);
  return a.map((row, i) => row.map((value, j) => value - means[i]! - means[j]! + average(means)));
}

describeEngines('distanceCovariance', () => {
  describe('values', () => {
    it('of two channels three apart are ∓1.5, less the root of 1e-5 (spec 9.5)', () => {
      const half = (Math.sqrt(9 + 1e-5) - Math.sqrt(1e-5)) / 2;
      return expectClose(distanceCovariance(tensor([0, 3], [1, 1, 2]), 0), [-half, half, half, -half]);
    });

    it.each([
      [6, 4, 0],
      [2, 5, -3.2],
      [1, 3, 1],
      [4, 1, 0],
    ])('are those of the definition, %i positions, %i channels, t = %f (spec 9.5)', async (m, d, t) => {
      const x = seededTensor([2, m, d], 'bdc', m);
      const values = await x.data();
      const images = [values.slice(0, m * d), values.slice(m * d)];
      await expectClose(
        distanceCovariance(x, t),
        images.flatMap((image) => oracle(toMatrix(image, d), t).flat()),
        {
          absolute: 1e-6,
        },
      );
    });

    it('of equal channels, of a constant picture and of nothing are 0 (spec 10)', async () => {
      for (const x of [tensor([1, 1, 5, 5], [1, 2, 2]), fill([1, 3, 3, 2], 0.3), zeros([1, 4, 2])]) {
        await expectClose(distanceCovariance(x, 0), [0, 0, 0, 0], { absolute: 1e-9 });
      }
    });
  });

  describe('properties', () => {
    const wild = fc.record({
      m: fc.integer({ min: 1, max: 8 }),
      d: fc.integer({ min: 1, max: 6 }),
      key: fc.nat(1000),
      factor: fc.double({ min: 0.1, max: 10, noNaN: true }),
    });
    const run = { seed: 11, numRuns: 25 };
    /** √(D + 1e-5) amplifies the rounding of a D that is 0 by 1/(2√1e-5) at the most. */
    const close = () => ({ relative: 2 * tolerance(), absolute: 1e-4 });

    it('is symmetric, its rows sum to 0', () =>
      fc.assert(
        fc.asyncProperty(wild, async ({ m, d, key }) => {
          const a = toMatrix(await distanceCovariance(seededTensor([1, m, d], key), 0.5).data(), d);
          await expectClose(a.flat(), transpose(a).flat(), { absolute: 1e-6 });
          await expectClose(
            a.map((row) => average(row)),
            new Array<number>(d).fill(0),
            { absolute: 1e-5 },
          );
        }),
        run,
      ));

    it('ignores the order of positions and a shift of all channels; a scale c of x is 2·log c of t', () =>
      fc.assert(
        fc.asyncProperty(wild, async ({ m, d, key, factor }) => {
          const rows = seededMatrix(m, d, key);
          const moved = rows.map((row, i) => row.map((value) => factor * (value + i))).reverse();
          const expected = oracle(rows, 2 * Math.log(factor)).flat();
          await expectClose(distanceCovariance(tensor(moved.flat(), [1, m, d]), 0), expected, close());
        }),
        run,
      ));

    it('of channels in another order is itself in that order', async () => {
      const rows = toMatrix(await seededTensor([5, 4], 'channels').data(), 4);
      const order = [2, 0, 3, 1];
      const a = oracle(rows, 0);
      await expectClose(
        distanceCovariance(tensor(rows.map((row) => order.map((j) => row[j]!)).flat(), [1, 5, 4]), 0),
        order.flatMap((i) => order.map((j) => a[i]![j]!)),
        close(),
      );
    });

    it('as a pooling learns its temperature, saves and reloads (spec 9.5)', async () => {
      const layer = deepBdcPooling({ name: 'pool', dim: 4 });
      const x = seededTensor([2, 3, 3, 6], 'pool');
      expect((layer.apply(x) as Tensor).shape).toEqual([2, 10]);
      const { variable } = layer.stateEntries().find(({ name }) => name === 'pool.temperature')!;
      expect(layer.trainableWeights).toContain(variable);
      // Six channels come in: log(1/(2·6²)).
      await expectClose(variable.read(), [Math.log(1 / 72)]);
      const options = { name: 'pool', inputShape: [4, 4, 6] };
      await expectTrainsAndReloads(() => [pooling('bdc', options)], [4, 4, 6]);
      await expectTrainsAndReloads(() => [pooling('bdc', { ...options, groups: 2, temperature: -1 })], [4, 4, 6]);
    });

    it('as a pooling takes the triangle at the temperature given', async () => {
      const x = seededTensor([1, 5, 3], 'given');
      const pooled = deepBdcPooling({ temperature: -2 }).apply(x) as Tensor;
      await expectClose(pooled, triu(oracle(toMatrix(await x.data(), 3), -2)), { absolute: 1e-6 });
    });
  });

  describe('gradient', () => {
    it.each([
      [6, 4, 0],
      [2, 3, -1.5],
    ])(
      'is the derivative of the definition in x and t, %i positions, %i channels, t = %f (spec 9.5)',
      async (m, d, t) => {
        const [x, g] = [seededTensor([1, m, d], 'x', m), seededTensor([1, d, d], 'g', d)];
        const weights = toMatrix(await g.data(), d);
        const values = [...(await x.data())];
        const [dx, dt] = grads((at: Tensor, temperature: Tensor) =>
          sum(mul(distanceCovariance(at, temperature as Scalar), g)),
        )([x, scalar(t)]);
        await expectClose(
          dx!,
          numericGradient((at) => inner(oracle(toMatrix(at, d), t), weights), values),
        );
        await expectClose(
          dt!,
          numericGradient(([at]) => inner(oracle(toMatrix(values, d), at!), weights), [t]),
        );
      },
    );

    it('is finite where distances are 0, and 0 where all are (spec 9.5)', async () => {
      const [values, g] = [[1, 1, 4, -2, -2, 0], seededTensor([1, 3, 3], 'g')];
      const weights = toMatrix(await g.data(), 3);
      const gradient = grad((x: Tensor) => sum(mul(distanceCovariance(x, 0), g)));
      await expectClose(
        gradient(tensor(values, [1, 2, 3])),
        numericGradient((at) => inner(oracle(toMatrix(at, 3), 0), weights), values, 1e-6),
        // The root's slope of 1/(2√1e-5) at 0 amplifies the rounding of channels of size 4.
        { absolute: (4 * 4 * 2 ** -23) / (2 * Math.sqrt(1e-5)) },
      );
      await expectClose(gradient(fill([1, 4, 3], 2)), new Array<number>(12).fill(0), { relative: 0 });
    });
  });

  describe('rejects', () => {
    it('features without positions, and what is no temperature', async () => {
      await expectCovpoolError(
        () => distanceCovariance(zeros([2, 3]), 0),
        'bad-argument',
        /distanceCovariance: features must be/,
      );
      await expectCovpoolError(
        () => deepBdcPooling({ name: 'pool', temperature: Number.NaN }),
        'bad-argument',
        /pool: temperature must be a number, got NaN/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([2, 4, 3], 'memory');
      await expectNoLeak(() => distanceCovariance(x, 0).dispose());
      await expectNoLeak(() => grad((at: Tensor) => sum(mul(distanceCovariance(at, 0), x.shape[0]!)))(x).dispose());
    });
  });
});
