import { describeEngines, expectClose, expectNoLeak, expectTrainsAndReloads, seededTensor } from '@covpool/testing';
import { grad, ones, sum, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Activation } from './activation.ts';
import { Dropout } from './dropout.ts';
import { withTrainingScope } from './training-scope.ts';

const training = { training: true };
const scope = (step: number, seed = 1, shard = 0) => ({ seed, step, shard, updates: [] });

const masked = async (name: string, where = scope(0)): Promise<number[]> => {
  const layer = new Dropout({ name, rate: 0.5 });
  return [...(await withTrainingScope(where, () => layer.apply(ones([4, 50]), training) as Tensor).data())];
};

describeEngines('Dropout', () => {
  describe('values', () => {
    it('are 0 or 1/(1−rate) times the input in training', async () => {
      const y = new Dropout({ name: 'drop', rate: 0.75 }).apply(ones([3, 40]), training) as Tensor;
      expect([...new Set(await y.data())].sort()).toEqual([0, 4]);
    });

    it('are the input outside of training', async () => {
      const x = seededTensor([2, 3], 'x');
      await expectClose(new Dropout({ rate: 0.5 }).apply(x) as Tensor, await x.data(), { relative: 0 });
    });
  });

  describe('properties', () => {
    it('drops as often as the rate says', async () => {
      const [n, rate] = [40_000, 0.2];
      const y = new Dropout({ name: 'drop', rate }).apply(ones([4, n / 4]), training) as Tensor;
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
      expectTrainsAndReloads(
        () => [
          new Dropout({ name: 'drop', rate: 0.2, inputShape: [6] }),
          new Activation({ name: 'r', activation: 'relu6' }),
        ],
        [6],
      ));
  });

  describe('gradient', () => {
    it('is the mask', async () => {
      const layer = new Dropout({ name: 'drop', rate: 0.5 });
      const gradient = withTrainingScope(scope(0), () =>
        grad((x: Tensor) => sum(layer.apply(x, training) as Tensor))(ones([4, 50])),
      );
      await expectClose(gradient, await masked('drop'), { relative: 0 });
    });
  });

  describe('rejects', () => {
    it.each([-0.1, 1, Number.NaN])('a rate of %d', (rate) => {
      expect(() => new Dropout({ name: 'drop', rate })).toThrow(`drop: rate must be in [0, 1), got ${rate}`);
    });
  });

  describe('memory', () => {
    it('leaks nothing', () =>
      expectNoLeak(() => {
        const x = zeros([2, 3]);
        (new Dropout({ name: 'drop', rate: 0.5 }).apply(x, training) as Tensor).dispose();
        x.dispose();
      }));
  });
});
