import { describeEngines, expectClose, expectCovpoolError, expectNoLeak, seededTensor } from '@covpool/testing';
import { add, grad, mul, type Scalar, sum, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { GroupNorm } from './group-norm.ts';
import { InstanceNorm } from './instance-norm.ts';

/** Both with the same weights. */
function pair(x: Tensor): [InstanceNorm, GroupNorm] {
  const channels = x.shape.at(-1)!;
  const layers: [InstanceNorm, GroupNorm] = [new InstanceNorm(), new GroupNorm({ groups: channels })];
  for (const layer of layers) {
    layer.apply(x);
    layer.setWeights([
      tensor1d(Array.from({ length: channels }, (_, c) => 0.5 + c)),
      tensor1d(Array.from({ length: channels }, (_, c) => c - 1)),
    ]);
  }
  return layers;
}

describeEngines('InstanceNorm', () => {
  describe('values', () => {
    it.each([[[1, 3, 4, 2]], [[3, 2, 2, 5]], [[2, 1, 1, 4]]])(
      'of %j are those of a group for each channel',
      async (shape) => {
        const x = seededTensor(shape, 'instance-norm');
        const [instance, group] = pair(x);
        await expectClose(instance.apply(x) as Tensor, await (group.apply(x) as Tensor).data());
      },
    );
  });

  describe('properties', () => {
    it('do not depend on the picture’s brightness and contrast', async () => {
      const x = seededTensor([2, 4, 4, 3], 'x');
      const layer = new InstanceNorm({ epsilon: 1e-12 });
      const y = await (layer.apply(x) as Tensor).data();
      await expectClose(layer.apply(add(mul(x, 7), 3)) as Tensor, y, { relative: 1e-4 });
    });
  });

  describe('gradient', () => {
    it('is that of a group for each channel', async () => {
      const x = seededTensor([2, 3, 2, 3], 'gradient');
      const weights = seededTensor([2, 3, 2, 3], 'weights');
      const [instance, group] = pair(x).map((layer) =>
        grad((input: Tensor) => sum(mul(layer.apply(input) as Tensor, weights)) as Scalar)(x),
      );
      await expectClose(instance!, await group!.data(), { relative: 1e-4 });
    });
  });

  describe('rejects', () => {
    it('channels that are not known', async () => {
      await expectCovpoolError(
        () => new InstanceNorm({ name: 'bn1' }).build([null, 2, 2, null]),
        'bad-argument',
        /bn1: the number of channels must be known/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([2, 3, 3, 2], 'x');
      const layer = new InstanceNorm();
      layer.apply(x);
      await expectNoLeak(() => (layer.apply(x) as Tensor).dispose());
    });
  });
});
