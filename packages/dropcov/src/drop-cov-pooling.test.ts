import { modelState, pooling, withSeed, withTrainingScope } from '@covpool/core';
import { covariance, triuVectorize } from '@covpool/covariance';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  seededTensor,
} from '@covpool/testing';
import { type Scalar, sum, type Tensor, variableGrads } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { dropCovPooling } from './layers.ts';

const features = () => seededTensor([3, 4, 4, 16], 'features');

const scope = (step: number, shard = 0) => ({ seed: 1, step, shard, updates: [] });

describeEngines('dropCovPooling', () => {
  describe('values', () => {
    it('outside of training are those of plain covariance pooling, bit for bit, whatever the kernel (spec 6.9)', async () => {
      const expected = await triuVectorize(covariance(features())).data();
      for (const seed of [1, 2]) {
        const layer = withSeed(seed, () => dropCovPooling({ name: 'pool' }));
        await expectClose(layer.apply(features()) as Tensor, expected, { relative: 0 });
      }
    });

    it('of the kernel start as PyTorch starts them, under the name of the authors', async () => {
      const layer = withSeed(2, () => dropCovPooling({ name: 'pool' }));
      layer.build([null, 4, 4, 16]);
      const [{ name, variable, toTorch }] = modelState(layer) as [ReturnType<typeof modelState>[number]];
      expect(name).toBe('pool.eca_layer.conv.weight');
      expect(toTorch!.map((axis) => variable.shape[axis])).toEqual([1, 1, 3]);
      const taps = await variable.read().data();
      expect(Math.max(...taps.map(Math.abs))).toBeLessThanOrEqual(1 / Math.sqrt(3));
      expect(new Set(taps).size).toBe(3);
    });
  });

  describe('properties', () => {
    it.each([
      ['paper', { scale: 10, maxRate: 0.95 }, 128, 8256],
      ['reference', { scale: 10, maxRate: 1 }, 256, 32896],
    ] as const)('of the preset %s are %o at %i channels, %i values (spec 6.2)', (preset, rate, dim, length) => {
      const layer = pooling('dropcov', { preset });
      expect(layer.getConfig()).toMatchObject({ ...rate, reduce: [dim] });
      expect(layer.computeOutputShape([null, 14, 14, 512])).toEqual([null, length]);
    });

    it('of a preset yield to options beside it', () => {
      expect(dropCovPooling({ preset: 'reference', maxRate: 0.5, dim: 8 }).getConfig()).toMatchObject({
        scale: 10,
        maxRate: 0.5,
        reduce: [8],
      });
      expect(dropCovPooling({ preset: 'reference', reduce: [] }).getConfig()).toMatchObject({ maxRate: 1, reduce: [] });
    });

    it('masks depend on seed, name, step and shard alone', async () => {
      const draw = async (name: string, step: number, shard = 0) => {
        const layer = withSeed(2, () => dropCovPooling({ name, scale: 1, maxRate: 0.5 }));
        const run = () => layer.apply(features(), { training: true }) as Tensor;
        const result = await withTrainingScope(scope(step, shard), run).data();
        return Array.from(result, (value) => value !== 0);
      };
      const first = await draw('a', 0);
      expect(first).toContain(false);
      expect(await draw('a', 0)).toEqual(first);
      for (const other of [await draw('b', 0), await draw('a', 1), await draw('a', 0, 1)])
        expect(other).not.toEqual(first);
    });

    it('train, save and reload', () =>
      expectTrainsAndReloads(
        () => [pooling('dropcov', { dim: 6, maxRate: 0.6, scale: 8, name: 'pool', inputShape: [4, 4, 8] })],
        [4, 4, 8],
      ));

    it('keep their options when they are saved', () => {
      expect(dropCovPooling({ scale: 7, maxRate: 0.3 }).getConfig()).toMatchObject({ scale: 7, maxRate: 0.3 });
    });
  });

  describe('gradient', () => {
    it('reaches the kernel in training', async () => {
      const layer = dropCovPooling({ name: 'pool', maxRate: 0.5 });
      const run = () => sum(layer.apply(features(), { training: true }) as Tensor) as Scalar;
      run();
      const { grads } = withTrainingScope(scope(0), () => variableGrads(run));
      const [gradient, ...others] = Object.values(grads);
      expect(others).toEqual([]);
      expect(gradient!.shape).toEqual([3, 1, 1]);
      expect(Math.max(...(await gradient!.data()).map(Math.abs))).toBeGreaterThan(0);
    });
  });

  describe('rejects', () => {
    it('rates that are none, by the name of the layer', () =>
      expectCovpoolError(
        () => dropCovPooling({ name: 'head', maxRate: 2 }),
        'bad-argument',
        /^head: maxRate .* got 2/,
      ));

    it('a preset that there is not, listing those there are', () =>
      expectCovpoolError(
        () => dropCovPooling({ name: 'head', preset: 'published' as 'paper' }),
        'bad-argument',
        /^head: unknown preset 'published'; known: paper, reference/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [layer, x] = [dropCovPooling(), features()];
      for (const training of [true, false]) {
        await expectNoLeak(() => (layer.apply(x, { training }) as Tensor).dispose());
      }
    });
  });
});
