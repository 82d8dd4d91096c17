import {
  covarianceOracle,
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  flatten,
  frobenius,
  type Matrix,
  numericGradient,
  scale,
  seededTensor,
  seededValues,
  toMatrix,
  trace,
} from '@covpool/testing';
import { pooling } from '@covpool/core';
import { fill, grad, mul, reshape, sum, type Tensor, tensor, type Tensor4D, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { d4Elements, d4Transform, d4Transforms } from './d4.ts';
import { mgCapPooling } from './layers.ts';
import { mgCap } from './mg-cap.ts';

/** `E + 1e-4 tr(E) I` of rows divided by their norm, block by block. */
function embedding(rows: Matrix): Matrix {
  const x = scale(rows, 1 / frobenius(rows));
  const sigma = scale(covarianceOracle(x), x.length / (x.length - 1));
  const mu = x[0]!.map((_, j) => x.reduce((total, row) => total + row[j]!, 0) / x.length);
  const e = [...sigma.map((row, i) => [...row.map((value, j) => value + mu[i]! * mu[j]!), mu[i]!]), [...mu, 1]];
  const ridge = 1e-4 * trace(e);
  return e.map((row, i) => row.map((value, j) => (i === j ? value + ridge : value)));
}

/** @param maps the rows of every copy of one picture, by crop */
function oracle(maps: Matrix[][]): number[] {
  const positions = maps[0]![0]!.length;
  const total = maps
    .map((copies) => {
      const each = copies.map((rows) => flatten(embedding(rows)));
      const largest = each[0]!.map((_, i) => Math.max(...each.map((values) => values[i]!)));
      return largest.map((value) => value / Math.hypot(...largest));
    })
    .reduce((p, q) => p.map((value, i) => value + q[i]!));
  const rooted = total.map((value) => Math.sign(value) * Math.sqrt(Math.abs(value / positions) + 1e-12));
  return rooted.map((value) => value / Math.hypot(...rooted));
}

/** Rows of feature maps as `oracle` wants them, of picture b of `batch`. */
const mapsOf = (values: ArrayLike<number>, b: number, batch: number, transforms: number, d: number, m: number) => {
  const rows = toMatrix(values, d);
  const map = (i: number): Matrix => rows.slice(i * m, (i + 1) * m);
  const crops = rows.length / (m * batch * transforms);
  return Array.from({ length: crops }, (_, c) =>
    Array.from({ length: transforms }, (_unused, g) => map((c * transforms + g) * batch + b)),
  );
};

describeEngines('mgCap', () => {
  describe('values', () => {
    it('are those of the pipeline, step by step (spec 8.4)', async () => {
      const x = seededTensor([2 * 3 * 2, 5, 4], 'features');
      const values = await x.data();
      const expected = [0, 1].flatMap((b) => oracle(mapsOf(values, b, 2, 3, 4, 5)));
      const descriptor = mgCap(x, { transforms: 3, crops: 2 });
      expect(descriptor.shape).toEqual([2, 25]);
      await expectClose(descriptor, expected);
    });

    it('and gradients of constant pictures and of one position are finite', async () => {
      for (const x of [zeros([2, 3, 2]), fill([2, 3, 2], 5), seededTensor([2, 1, 2], 'one')]) {
        const dx = grad((a: Tensor) => sum(mgCap(a, { transforms: 2 })))(x);
        for (const values of [await mgCap(x, { transforms: 2 }).data(), await dx.data()])
          expect(values.every(Number.isFinite)).toBe(true);
      }
    });
  });

  describe('properties', () => {
    it('do not change when a picture is moved by D4, and have length 1', async () => {
      const picture = seededTensor([2, 4, 4, 3], 'picture') as Tensor4D;
      // Rows of the copies instead of positions stand for features that depend on direction.
      const described = (g: (typeof d4Elements)[number]): Tensor =>
        mgCap(reshape(d4Transforms(d4Transform(picture, g)), [16, 4, 12]), { transforms: 8 });
      const expected = await described('e').data();
      expect(Math.hypot(...expected.slice(0, 169))).toBeCloseTo(1, 5);
      for (const g of d4Elements) await expectClose(described(g), expected);
    });

    it('train, save and reload', () =>
      expectTrainsAndReloads(() => [pooling('mgcap', { dim: 3, name: 'pool', inputShape: [4, 4, 8] })], [4, 4, 8]));

    it('of a layer are as many as pictures', () => {
      const layer = mgCapPooling({ transforms: 2, crops: 3 });
      expect((layer.apply(seededTensor([12, 2, 2, 3], 'layer')) as Tensor).shape).toEqual([2, 16]);
      expect(layer.computeOutputShape([null, 2, 2, 3])).toEqual([null, 16]);
    });
  });

  describe('gradient', () => {
    it('is the derivative of the pipeline', async () => {
      const [at, weights] = [seededValues(4 * 5 * 3, 'at'), seededValues(16, 'weights')];
      const loss = (values: number[]): number =>
        oracle(mapsOf(values, 0, 1, 2, 3, 5)).reduce((total, value, i) => total + value * weights[i]!, 0);
      const dx = grad((x: Tensor) => sum(mul(mgCap(x, { transforms: 2, crops: 2 }), tensor(weights, [1, 16]))));
      await expectClose(dx(tensor(at, [4, 5, 3])), numericGradient(loss, at));
    });
  });

  describe('rejects', () => {
    it('batches that are no copies', () =>
      expectCovpoolError(
        () => mgCap(zeros([8, 4, 2]), { transforms: 8, crops: 3 }),
        'bad-argument',
        /24 copies of every picture, got 8/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([2, 4, 2], 'memory');
      await expectNoLeak(() => mgCap(x, { transforms: 2 }).dispose());
      await expectNoLeak(() => grad((a: Tensor) => sum(mgCap(a)))(x).dispose());
    });
  });
});
