import { describeEngines, expectClose, expectNoLeak, reloaded, seededTensor } from '@covpool/testing';
import { memory, type Tensor, tensor, type Tensor4D, zeros } from '@tensorflow/tfjs-core';
import { type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { BatchNorm } from './batch-norm.ts';
import { Conv2d } from './conv2d.ts';
import { convolution } from './convolution.ts';
import { Linear } from './linear.ts';
import { MaxPool2d } from './max-pool2d.ts';
import { modelState } from './model-state.ts';
import { pooling } from './pooling-registry.ts';
import { type StatisticUpdate, withSeed, withTrainingScope } from './training-scope.ts';

function smallNet(seed = 3): LayersModel {
  return withSeed(seed, () => {
    const net = sequential({ name: 'net' });
    net.add(new Conv2d({ name: 'conv1', filters: 4, kernelSize: 3, strides: 2, padding: 1, inputShape: [8, 8, 3] }));
    net.add(new BatchNorm({ name: 'bn1' }));
    net.add(pooling('gap', { dim: 5, name: 'pool' }));
    net.add(new Linear({ name: 'fc', units: 2 }));
    return net;
  });
}

const statistics = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

describeEngines('layers', () => {
  describe('values', () => {
    it('convolves with padding on both sides, as PyTorch does', async () => {
      // 4×4 of ones, 3×3 of ones, stride 2, padding 1: the corner sees 2×2 ones; "same" of TensorFlow would see 3×3.
      const x = tensor(new Array<number>(16).fill(1), [1, 4, 4, 1]) as Tensor4D;
      const filter = tensor(new Array<number>(9).fill(1), [3, 3, 1, 1]) as Tensor4D;
      await expectClose(convolution(x, filter, { strides: 2, padding: 1 }), [4, 6, 6, 9]);
    });

    it('pools with −∞ around the picture', async () => {
      const x = tensor([-1, -2, -3, -4], [1, 2, 2, 1]);
      const layer = new MaxPool2d({ kernelSize: 3, strides: 2, padding: 1 });
      expect(layer.computeOutputShape([null, 225, 224, 3])).toEqual([null, 113, 112, 3]);
      await expectClose(layer.apply(x) as Tensor, [-1]);
    });

    it("averages the unbiased variance into the running one, PyTorch's momentum", async () => {
      const layer = new BatchNorm({ name: 'bn', momentum: 0.1 });
      const x = tensor(statistics(4), [4, 1]);
      layer.apply(x, { training: true });
      const [, , mu, variance] = layer.getWeights();
      await expectClose(mu!, [0.1 * 2.5]);
      await expectClose(variance!, [0.9 + 0.1 * (5 / 3)]);
    });

    it('normalises by the running statistics outside of training, and with statistics: running also in it', async () => {
      const frozen = new BatchNorm({ name: 'bn', statistics: 'running', epsilon: 0 });
      const x = tensor([1, 2, 3, 4], [2, 2]);
      await expectClose(frozen.apply(x, { training: true }) as Tensor, [1, 2, 3, 4]);
      await expectClose(frozen.getWeights()[2]!, [0, 0]);
    });

    it('maps [B,C] by x W + b', async () => {
      const layer = new Linear({ name: 'fc', units: 2 });
      layer.build([null, 3]);
      layer.setWeights([tensor([1, 2, 3, 4, 5, 6], [3, 2]), tensor([10, 20])]);
      await expectClose(layer.apply(tensor([1, 1, 1], [1, 3])) as Tensor, [19, 32]);
    });
  });

  describe('properties', () => {
    it('has initial weights that depend on the seed and the names alone', async () => {
      const values = async (net: LayersModel) => Promise.all(net.getWeights().map(async (w) => [...(await w.data())]));
      const [first, again, other] = [smallNet(3), smallNet(3), smallNet(4)];
      expect(await values(again)).toEqual(await values(first));
      expect(await values(other)).not.toEqual(await values(first));
    });

    it('draws convolution weights with the deviation of He et al.', async () => {
      const layer = new Conv2d({ name: 'conv', filters: 256, kernelSize: 1 });
      layer.build([null, null, null, 512]);
      const weights = (await layer.getWeights()[0]!.data()) as Float32Array;
      const deviation = Math.sqrt(weights.reduce((total, w) => total + w * w, 0) / weights.length);
      // Five standard errors of a deviation estimated from 131,072 values.
      expect(Math.abs(deviation / Math.sqrt(2 / 256) - 1)).toBeLessThan(5 / Math.sqrt(2 * 131_072));
    });

    it('draws weights by Glorot and Bengio, or with a deviation, beside a bias of 0', async () => {
      const largest = (values: ArrayLike<number>) => Array.from(values).reduce((m, v) => Math.max(m, Math.abs(v)), 0);
      const bound = Math.sqrt(6 / (9 * 64 + 9 * 32));
      const conv = new Conv2d({ name: 'c', filters: 32, kernelSize: 3, bias: true, initialization: 'xavier' });
      conv.build([null, null, null, 64]);
      const drawn = largest(await conv.getWeights()[0]!.data());
      // All 18,432 values below 0.999 of the bound: e^-18.
      expect(drawn).toBeLessThanOrEqual(bound);
      expect(drawn).toBeGreaterThan(0.999 * bound);
      const narrow = new Conv2d({
        name: 'n',
        filters: 64,
        kernelSize: 1,
        bias: true,
        initialization: { deviation: 0.01 },
      });
      narrow.build([null, null, null, 256]);
      const values = (await narrow.getWeights()[0]!.data()) as Float32Array;
      const deviation = Math.sqrt(values.reduce((total, w) => total + w * w, 0) / values.length);
      expect(Math.abs(deviation / 0.01 - 1)).toBeLessThan(5 / Math.sqrt(2 * values.length));
      const dense = new Linear({ name: 'l', units: 512, initialization: 'xavier' });
      dense.build([null, 64]);
      expect(largest(await dense.getWeights()[0]!.data())).toBeCloseTo(Math.sqrt(6 / 576), 3);
      for (const layer of [conv, narrow, dense]) expect(largest(await layer.getWeights()[1]!.data())).toBe(0);
    });

    it('names weights as PyTorch does, those of children below their parent', () => {
      expect(modelState(smallNet()).map(({ name }) => name)).toEqual([
        'conv1.weight',
        'bn1.weight',
        'bn1.bias',
        'bn1.running_mean',
        'bn1.running_var',
        'pool.reduce.0.0.weight',
        'pool.reduce.0.1.weight',
        'pool.reduce.0.1.bias',
        'pool.reduce.0.1.running_mean',
        'pool.reduce.0.1.running_var',
        'fc.weight',
        'fc.bias',
      ]);
    });

    it('counts, freezes and lists the weights of children', () => {
      const net = smallNet();
      expect(net.countParams()).toBe(108 + 16 + (20 + 20) + 12);
      const pool = net.getLayer('pool');
      expect(pool.trainableWeights).toHaveLength(3);
      pool.trainable = false;
      expect(pool.trainableWeights).toHaveLength(0);
      const frozen = pooling('gap', { dim: 3, trainable: false });
      frozen.build([null, 2, 2, 4]);
      expect(frozen.trainableWeights).toHaveLength(0);
      expect(pool.nonTrainableWeights).toHaveLength(5);
    });

    it("collects running averages in a trainer's scope instead of writing them", async () => {
      const layer = new BatchNorm({ name: 'bn' });
      const updates: StatisticUpdate[] = [];
      const scope = { seed: 0, step: 0, shard: 0, updates };
      withTrainingScope(scope, () => layer.apply(tensor(statistics(4), [4, 1]), { training: true }));
      await expectClose(layer.getWeights()[2]!, [0]);
      await expectClose(updates[0]!.value, [2.5]);
      await expectClose(updates[1]!.value, [5 / 3]);
    });

    it('fits, saves and loads as a LayersModel', async () => {
      const net = smallNet();
      net.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      const x = seededTensor([6, 8, 8, 3], 'fit');
      const losses: number[] = [];
      for (let i = 0; i < 5; i++) losses.push((await net.trainOnBatch(x, zeros([6, 2]))) as number);
      expect(losses.at(-1)!).toBeLessThan(losses[0]!);
      const again = await reloaded(net);
      await expectClose(again.predict(x) as Tensor, await (net.predict(x) as Tensor).data());
    });
  });

  describe('rejects', () => {
    it('shapes it cannot know or use', () => {
      expect(() => new Conv2d({ name: 'c', filters: 1, kernelSize: 1 }).build([null, 1, 1, null])).toThrow(
        'c: the number of channels must be known',
      );
      expect(() => new Linear({ name: 'l', units: 1 }).build([null])).toThrow('l: the input must be [B,C]');
      expect(() => new Linear({ name: 'l', units: 1 }).build([2, 2, null])).toThrow('with known C, got [2,2,]');
      expect(() => convolution(zeros([1, 2, 2, 3]), zeros([1, 1, 4, 1]))).toThrow('with the same C');
      expect(() => pooling('gap', { name: 'p' }).apply(zeros([2, 3]))).toThrow('p: features must be [B,H,W,C]');
      expect(() => pooling('gap', { name: 'p', dim: 0 })).toThrow('positive whole numbers');
    });

    it('unknown poolings and options, listing those that exist', () => {
      expect(() => pooling('nowhere')).toThrow(/unknown pooling 'nowhere'; known: .*gap/);
      expect(() => pooling('gap', { depth: 3 })).toThrow(/unknown option 'depth'; it has: dim, reduce/);
    });
  });

  describe('memory', () => {
    it('leaks nothing in prediction or training, and gives its weights back', async () => {
      const before = memory().numTensors;
      const x = seededTensor([2, 8, 8, 3], 'leak');
      const net = smallNet();
      net.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      const target = zeros([2, 2]);
      await net.trainOnBatch(x, target);
      await expectNoLeak(async () => {
        (net.predict(x) as Tensor).dispose();
        await net.trainOnBatch(x, target);
      });
      net.dispose();
      x.dispose();
      target.dispose();
      // What remains belongs to the optimiser of TensorFlow.js.
      expect(memory().numTensors - before).toBeLessThanOrEqual(1);
    });
  });
});
