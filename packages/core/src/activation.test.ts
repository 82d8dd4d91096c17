import { describeEngines, expectClose } from '@covpool/testing';
import { grad, mul, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { Activation, activations } from './activation.ts';

const x = () => tensor([-2, -0.5, 0.5, 3, 5.5, 10]);

describeEngines('Activation', () => {
  describe('values', () => {
    it('relu6 of 10 is 6, relu of 10 is 10 (backbones spec 8.6)', async () => {
      await expectClose(new Activation({ activation: 'relu6' }).apply(x()) as Tensor, [0, 0, 0.5, 3, 5.5, 6]);
      await expectClose(new Activation({ activation: 'relu' }).apply(x()) as Tensor, [0, 0, 0.5, 3, 5.5, 10]);
    });
  });

  describe('gradient', () => {
    it('flows where neither bound holds', async () => {
      const of = (name: 'relu' | 'relu6') =>
        grad((v: Tensor) => sum(mul(activations[name](v), tensor([1, 2, 3, 4, 5, 6]))));
      await expectClose(of('relu6')(x()), [0, 0, 3, 4, 5, 0]);
      await expectClose(of('relu')(x()), [0, 0, 3, 4, 5, 6]);
    });
  });
});
