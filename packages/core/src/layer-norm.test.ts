import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  seededTensor,
} from '@covpool/testing';
import { reshape, type Tensor, tensor, type Tensor1D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { LayerNorm } from './layer-norm.ts';
import { layerNormalization } from './layer-normalization.ts';
import { modelState } from './model-state.ts';

describeEngines('LayerNorm', () => {
  describe('values', () => {
    it('are layerNormalization with its weights, on tokens and on maps', async () => {
      const layer = new LayerNorm({ name: 'norm', epsilon: 0.5 });
      const x = seededTensor([2, 3, 4], 'x');
      layer.apply(x);
      const [scale, offset] = [tensor([1, 2, 3, 4]), tensor([-1, 0, 1, 2])];
      layer.setWeights([scale, offset]);
      const expected = layerNormalization(x, scale as Tensor1D, offset as Tensor1D, { epsilon: 0.5 });
      await expectClose(layer.apply(x) as Tensor, await expected.data());
      await expectClose(layer.apply(reshape(x, [2, 3, 1, 4])) as Tensor, await expected.data());
    });

    it('starts as scale 1 and offset 0 under the names of PyTorch', async () => {
      const layer = new LayerNorm({ name: 'norm' });
      layer.build([null, null, 3]);
      const state = modelState(layer);
      expect(state.map(({ name }) => name)).toEqual(['norm.weight', 'norm.bias']);
      await expectClose(state[0]!.variable.read(), [1, 1, 1]);
      await expectClose(state[1]!.variable.read(), [0, 0, 0]);
    });
  });

  describe('properties', () => {
    it('trains and reloads', () =>
      expectTrainsAndReloads(() => [new LayerNorm({ name: 'norm', epsilon: 1e-6, inputShape: [6] })], [6]));
  });

  describe('rejects', () => {
    it('an unknown number of channels', () =>
      expectCovpoolError(
        () => new LayerNorm({ name: 'norm' }).build([null, 3, null]),
        'bad-argument',
        /^norm: the number of channels must be known/,
      ));
  });

  describe('memory', () => {
    it('leaks nothing', async () => {
      const layer = new LayerNorm({ name: 'norm' });
      const x = seededTensor([2, 3], 'x');
      await expectNoLeak(() => (layer.apply(x) as Tensor).dispose());
    });
  });
});
