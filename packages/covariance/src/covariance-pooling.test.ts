import { pooling } from '@covpool/core';
import {
  covarianceOracle,
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  seededTensor,
  times,
  toMatrix,
  triu,
} from '@covpool/testing';
import { concat, grad, sum, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { covariancePooling } from './covariance-pooling.ts';
import type { TriuOrder } from './triu-places.ts';

const apply = (x: Tensor, groups: number): Tensor => covariancePooling({ groups }).apply(x) as Tensor;

describeEngines('covariancePooling', () => {
  describe('values', () => {
    it('in one group are those of no groups (spec 4.2)', async () => {
      const x = seededTensor([2, 3, 3, 6], 'groups');
      await expectClose(apply(x, 1), await (covariancePooling().apply(x) as Tensor).data(), { relative: 0 });
    });

    it.each([2, 3, 6])('in %i groups are the diagonal blocks of the whole covariance (spec 4.2)', async (groups) => {
      const x = seededTensor([2, 2, 4, 6], 'groups', groups);
      const width = 6 / groups;
      const values = await x.data();
      const expected = [values.slice(0, 48), values.slice(48)].flatMap((image) => {
        const sigma = covarianceOracle(toMatrix(image, 6));
        return Array.from({ length: groups }, (_, g) => [g * width, (g + 1) * width] as const).flatMap(([from, to]) =>
          triu(sigma.slice(from, to).map((row) => row.slice(from, to))),
        );
      });
      await expectClose(apply(x, groups), expected);
    });

    it.each([
      [1, 32_896],
      [2, 16_512],
      [4, 8_320],
      [8, 4_224],
    ])('of 256 channels in %i groups are %i (spec 4.2)', (groups, length) => {
      expect(covariancePooling({ groups }).computeOutputShape([null, 7, 7, 256])).toEqual([null, length]);
      expect(covariancePooling({ dim: 256, groups }).computeOutputShape([null, 7, 7, 512])).toEqual([null, length]);
    });

    it('of a progressive reduction are those of its last step (spec 4.2)', () => {
      const layer = covariancePooling({ reduce: [1024, 512, 256, 128] });
      expect(layer.computeOutputShape([null, 14, 14, 2048])).toEqual([null, 8256]);
    });

    it('reduce progressively by convolution, batch normalisation and ReLU in turn (spec 4.2)', async () => {
      const layer = covariancePooling({ name: 'progressive', reduce: [6, 4, 2] });
      const x = seededTensor([1, 3, 3, 8], 'progressive');
      const pooled = layer.apply(x) as Tensor;
      let rows = toMatrix(await x.data(), 8);
      for (const [step, channels] of [6, 4, 2].entries()) {
        const weight = layer.stateEntries().find(({ name }) => name === `progressive.reduce.${step}.0.weight`)!;
        expect(weight.variable.shape).toEqual([1, 1, rows[0]!.length, channels]);
        const convolved = times(rows, toMatrix(await weight.variable.read().data(), channels));
        // Untrained running averages: mean 0, variance 1.
        rows = convolved.map((row) => row.map((value) => Math.max(value / Math.sqrt(1 + 1e-5), 0)));
      }
      await expectClose(pooled, triu(covarianceOracle(rows)));
    });

    it('take the triangle column by column if asked (spec 1.3)', async () => {
      const x = seededTensor([1, 5, 3], 'order');
      const [s00, s01, s02, s11, s12, s22] = triu(covarianceOracle(toMatrix(await x.data(), 3)));
      await expectClose(pooling('cov', { order: 'columns' }).apply(x) as Tensor, [s00!, s01!, s11!, s02!, s12!, s22!]);
    });
  });

  describe('properties', () => {
    it.each([
      ['groups', { dim: 4, groups: 2 }],
      ['a progressive reduction', { reduce: [5, 4, 2] }],
      ['the other order', { order: 'columns' }],
    ])('train, save and reload with %s', (_, options) =>
      expectTrainsAndReloads(() => [pooling('cov', { ...options, name: 'pool', inputShape: [4, 4, 6] })], [4, 4, 6]),
    );
  });

  describe('gradient', () => {
    it('of groups is that of each on its own channels', async () => {
      const parts = [seededTensor([1, 2, 3, 2], 'left'), seededTensor([1, 2, 3, 2], 'right')];
      const layer = covariancePooling({ groups: 2 });
      const ours = grad((x: Tensor) => sum(layer.apply(x) as Tensor))(concat(parts, 3));
      const alone = parts.map((part) => grad((x: Tensor) => sum(apply(x, 1)))(part));
      await expectClose(ours, await concat(alone, 3).data());
    });
  });

  describe('rejects', () => {
    it.each([0, -2, 1.5])('%f groups', (groups) =>
      expectCovpoolError(() => covariancePooling({ groups }), 'bad-argument', /groups must be a positive whole number/),
    );

    it('groups that do not divide the channels', async () => {
      await expectCovpoolError(
        () => apply(zeros([1, 2, 2, 6]), 4),
        'bad-argument',
        /groups must divide the 6 channels, got 4/,
      );
      const reduced = covariancePooling({ dim: 6, groups: 4 });
      await expectCovpoolError(
        () => reduced.computeOutputShape([null, 2, 2, 8]),
        'bad-argument',
        /the 6 channels, got 4/,
      );
    });

    it.each([[[4, 0]], [[4, -1]], [[2.5]]])('a reduction to %j channels', (reduce) =>
      expectCovpoolError(
        () => covariancePooling({ reduce }),
        'bad-argument',
        /must be positive whole numbers of channels/,
      ),
    );

    it('an unknown order', () =>
      expectCovpoolError(
        () => covariancePooling({ name: 'pool', order: 'lower' as TriuOrder }),
        'bad-argument',
        /pool: unknown order 'lower'; known: columns, rows/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns, in groups too', async () => {
      const [x, layer] = [seededTensor([2, 3, 3, 4], 'memory'), covariancePooling({ groups: 2 })];
      await expectNoLeak(() => (layer.apply(x) as Tensor).dispose());
    });
  });
});
