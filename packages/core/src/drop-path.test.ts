import { describeEngines, expectClose, expectNoLeak, expectTrainsAndReloads, seededTensor } from '@covpool/testing';
import { grad, ones, sum, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { DropPath } from './drop-path.ts';
import { withTrainingScope } from './training-scope.ts';

const training = { training: true };
const scope = (step: number, seed = 1, shard = 0) => ({ seed, step, shard, updates: [] });

const masked = async (name: string, where = scope(0)): Promise<number[]> => {
  const layer = new DropPath({ name, rate: 0.5 });
  return [...(await withTrainingScope(where, () => layer.apply(ones([60, 2, 3]), training) as Tensor).data())];
};

describeEngines('DropPath', () => {
  describe('values', () => {
    it('of a sample are all 0 or all 1/(1−rate) times the input in training', async () => {
      const y = await masked('drop_path');
      for (let i = 0; i < y.length; i += 6) expect(new Set(y.slice(i, i + 6)).size).toBe(1);
      expect([...new Set(y)].sort()).toEqual([0, 2]);
    });

    it('are the input outside of training, and at rate 0', async () => {
      const x = seededTensor([2, 3], 'x');
      await expectClose(new DropPath({ rate: 0.5 }).apply(x) as Tensor, await x.data(), { relative: 0 });
      await expectClose(new DropPath({ rate: 0 }).apply(x, training) as Tensor, await x.data(), { relative: 0 });
    });
  });

  describe('properties', () => {
    it('drops as often as the rate says', async () => {
      const [n, rate] = [10_000, 0.2];
      const y = new DropPath({ name: 'drop', rate }).apply(ones([n, 1]), training) as Tensor;
      const dropped = [...(await y.data())].filter((value) => value === 0).length;
      // Binomial(n, ρ) has deviation √(nρ(1−ρ)); five of them.
      expect(Math.abs(dropped - n * rate)).toBeLessThan(5 * Math.sqrt(n * rate * (1 - rate)));
    });

    it('is a function of seed, name, step and shard', async () => {
      const first = await masked('drop');
      expect(await masked('drop')).toEqual(first);
      for (const other of [masked('other'), masked('drop', scope(1)), masked('drop', scope(0, 2))]) {
        expect(await other).not.toEqual(first);
      }
      expect(await masked('drop', scope(0, 1, 1))).not.toEqual(first);
    });

    it('trains and reloads', () =>
      expectTrainsAndReloads(() => [new DropPath({ name: 'drop', rate: 0.2, inputShape: [6] })], [6]));
  });

  describe('gradient', () => {
    it('is the mask', async () => {
      const layer = new DropPath({ name: 'drop', rate: 0.5 });
      const gradient = withTrainingScope(scope(0), () =>
        grad((x: Tensor) => sum(layer.apply(x, training) as Tensor))(ones([60, 2, 3])),
      );
      await expectClose(gradient, await masked('drop'), { relative: 0 });
    });
  });

  describe('rejects', () => {
    it.each([-0.1, 1, Number.NaN])('a rate of %d', (rate) => {
      expect(() => new DropPath({ name: 'drop', rate })).toThrow(`drop: rate must be in [0, 1), got ${rate}`);
    });
  });

  describe('memory', () => {
    it('leaks nothing', () =>
      expectNoLeak(() => {
        const x = zeros([2, 3]);
        (new DropPath({ name: 'drop', rate: 0.5 }).apply(x, training) as Tensor).dispose();
        x.dispose();
      }));
  });
});
