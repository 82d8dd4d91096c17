import { describeEngines, expectClose, expectNoLeak, expectTrainsAndReloads, seededTensor } from '@covpool/testing';
import { grad, mul, reshape, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { GlobalAveragePooling } from './global-average-pooling.ts';
import { Linear } from './linear.ts';
import { modelState } from './model-state.ts';

const built = (bias = true): Linear => {
  const layer = new Linear({ name: 'fc', units: 2, bias });
  layer.build([null, 3]);
  const weights = [tensor([1, 2, 3, 4, 5, 6], [3, 2]), ...(bias ? [tensor([10, 20])] : [])];
  layer.setWeights(weights);
  return layer;
};

describeEngines('Linear', () => {
  describe('values', () => {
    it('are x W + b along the last axis of tokens and maps', async () => {
      const rows = [1, 1, 1, 0, 1, 0];
      for (const shape of [
        [2, 3],
        [1, 2, 3],
        [1, 2, 1, 3],
      ]) {
        const y = built().apply(tensor(rows, shape)) as Tensor;
        expect(y.shape).toEqual([...shape.slice(0, -1), 2]);
        await expectClose(y, [19, 32, 13, 24]);
      }
    });

    it('have no b where there is none', async () => {
      const layer = built(false);
      expect(modelState(layer).map(({ name }) => name)).toEqual(['fc.weight']);
      await expectClose(layer.apply(tensor([[1, 1, 1]])) as Tensor, [9, 12]);
    });
  });

  describe('properties', () => {
    it('counts multiply-adds of every position, and says what comes out', () => {
      const layer = new Linear({ units: 5 });
      expect(layer.computeOutputShape([null, 7, 3])).toEqual([null, 7, 5]);
      expect(layer.multiplyAdds([1, 3])).toBe(15);
      expect(layer.multiplyAdds([1, 7, 3])).toBe(105);
    });

    it('trains and reloads on tokens, without b', () =>
      expectTrainsAndReloads(
        () => [
          new Linear({ name: 'proj', units: 4, bias: false, deviation: 0.5, inputShape: [5, 3] }),
          new GlobalAveragePooling({ name: 'pool' }),
        ],
        [5, 3],
      ));
  });

  describe('gradient', () => {
    it('of tokens is that of their rows', async () => {
      const layer = built();
      const [x, g] = [seededTensor([2, 3, 3], 'x'), seededTensor([6, 2], 'g')];
      const of = (shape: number[]) =>
        grad((v: Tensor) => sum(mul(layer.apply(reshape(v, shape)) as Tensor, reshape(g, [...shape.slice(0, -1), 2]))))(
          x,
        );
      await expectClose(of([2, 3, 3]), await of([6, 3]).data());
    });
  });

  describe('rejects', () => {
    it('vectors and unknown numbers of channels', () => {
      expect(() => new Linear({ name: 'fc', units: 2 }).build([3])).toThrow('fc: the input must be [B,C]');
      expect(() => new Linear({ name: 'fc', units: 2 }).build([null, 4, null])).toThrow('with known C, got [,4,]');
    });
  });

  describe('memory', () => {
    it('leaks nothing', async () => {
      const [layer, x] = [built(), seededTensor([2, 4, 3], 'x')];
      await expectNoLeak(() => (layer.apply(x) as Tensor).dispose());
    });
  });
});
