import { attentions, modelState, NamedLayer, onlyInput } from '@covpool/core';
import { describeEngines, expectClose, expectNoLeak, reloaded, seededTensor } from '@covpool/testing';
import { memory, mul, oneHot, type Tensor, type Tensor1D, tensor1d, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createBackbone, createModel, listModels, traceForward } from './index.ts';

class Identity extends NamedLayer {
  static className = 'test/Identity';

  override call(inputs: Tensor | Tensor[]): Tensor {
    return mul(onlyInput(inputs), 1);
  }
}

attentions.register('test-identity', {
  create: (options) => new Identity(options),
  options: [],
  summary: '',
  paper: '',
  layer: '',
  gradient: 'automatic',
  engines: 'all',
});

const small = ['mobilenetv2-small', 'shufflenetv2-small', 'vgg-small', 'preact-resnet20'];

const labels = (): Tensor => oneHot(tensor1d([0, 1, 2, 1], 'int32') as Tensor1D, 3);

describeEngines('small networks', (engine) => {
  describe('values', () => {
    it.each([
      [
        'mobilenetv2-small',
        ['features.0.0.weight', 'features.1.conv.0.0.weight', 'features.6.1.bias', 'classifier.1.bias'],
      ],
      [
        'shufflenetv2-small',
        ['conv1.0.weight', 'stage2.0.branch1.3.weight', 'stage3.2.branch2.6.bias', 'conv5.1.bias'],
      ],
      ['vgg-small', ['features.0.bias', 'features.1.running_var', 'features.11.bias', 'classifier.6.weight']],
      ['preact-resnet20', ['layer1.0.bn1.weight', 'layer1.0.downsample.0.weight', 'layer3.1.conv3.weight', 'bn.bias']],
    ])('%s names its weights as PyTorch does (spec 6.1)', (name, expected) => {
      const net = createModel(name, { classes: 3 });
      const names = modelState(net).map((entry) => entry.name);
      for (const weight of expected) expect(names).toContain(weight);
      net.dispose();
    });

    it.each([
      ['mobilenetv2-small', { c2: [8, 2], c3: [16, 4], c4: [128, 8] }],
      ['shufflenetv2-small', { c2: [32, 4], c3: [128, 8] }],
      ['vgg-small', { c1: [16, 2], c2: [32, 4], c3: [64, 8] }],
      ['preact-resnet20', { c0: [64, 1], c1: [128, 2], c2: [256, 4] }],
    ])('%s strides by its specs', (name, expected) => {
      const { model: trunk, specs } = createBackbone(name);
      const shapes = Object.fromEntries(
        Object.entries(specs).map(([c, { channels, stride }]) => [c, [channels, stride]]),
      );
      expect(shapes).toEqual(expected);
      const outputs = trunk.predict(zeros([1, 16, 16, 3])) as Tensor[];
      expect(outputs.map(({ shape }) => shape)).toEqual(
        Object.values(specs).map(({ channels, stride }) => [1, 16 / stride, 16 / stride, channels]),
      );
      trunk.dispose();
    });

    it('start their classifiers as published (spec 3, 4, 8.7)', async () => {
      const spread = async (name: string, weight: string, power: number) => {
        const net = createModel(name, { classes: 100 });
        const { variable } = modelState(net).find((entry) => entry.name === weight)!;
        const values = [...(await variable.read().data())];
        net.dispose();
        return power === 2
          ? Math.sqrt(values.reduce((p, q) => p + q * q, 0) / values.length)
          : Math.max(...values.map(Math.abs));
      };
      // Five standard errors of a deviation estimated from 12,800 values.
      const limit = 5 / Math.sqrt(2 * 12_800);
      expect(Math.abs((await spread('mobilenetv2-small', 'classifier.1.weight', 2)) / 0.01 - 1)).toBeLessThan(limit);
      expect(await spread('mobilenetv2-small', 'classifier.1.bias', 2)).toBe(0);
      // PyTorch's default: uniform up to 1/√fan-in. The largest of hundreds of values and more is within 5 % of it.
      for (const [weight, fanIn] of [
        ['fc.weight', 128],
        ['conv5.0.weight', 64],
        ['stage3.1.branch2.3.weight', 9],
      ] as const) {
        const largest = await spread('shufflenetv2-small', weight, Infinity);
        expect(largest).toBeLessThanOrEqual(1 / Math.sqrt(fanIn));
        expect(largest).toBeGreaterThan(0.95 / Math.sqrt(fanIn));
      }
    });

    it('say which kernels computed each layer', async () => {
      const net = createModel('mobilenetv2-small', { classes: 3 });
      const traces = new Map((await traceForward(net, { inputSize: 16 })).map(({ name, kernels }) => [name, kernels]));
      expect(traces.get('features.0.0')).toEqual({ Conv2D: 1 });
      expect(traces.get('features.2.conv.1.0')).toEqual({ DepthwiseConv2dNative: 1 });
      expect(traces.get('pool')).toHaveProperty('Mean');
      expect(traces.get('classifier.1')).toHaveProperty('BatchMatMul', 1);
      net.dispose();
    });
  });

  describe('properties', () => {
    // The cpu engine computes these gradients, too, in a minute and more.
    it.runIf(engine !== 'cpu').each(small)(
      '%s learns by the step, and predicts the same after saving and loading',
      async (name) => {
        const net = createModel(name, { classes: 3, seed: 2 });
        net.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
        const x = seededTensor([4, 16, 16, 3], 'pictures');
        const losses: number[] = [];
        for (let step = 0; step < 4; step++) losses.push((await net.trainOnBatch(x, labels())) as number);
        expect(Math.min(...losses.slice(1))).toBeLessThan(losses[0]!);
        const again = await reloaded(net);
        await expectClose(again.predict(x) as Tensor, await (net.predict(x) as Tensor).data(), { relative: 0 });
        for (const used of [net, again]) used.dispose();
      },
    );

    it.each(small)('%s holds an attention at the end of each stage', (name) => {
      const { model: trunk, specs } = createBackbone(name, { attention: 'test-identity' });
      expect(trunk.layers.filter((layer) => layer instanceof Identity)).toHaveLength(Object.keys(specs).length);
      trunk.dispose();
    });

    it('drop nothing outside of training', async () => {
      const net = createModel('vgg-small', { classes: 3 });
      const x = seededTensor([2, 16, 16, 3], 'pictures');
      await expectClose(net.predict(x) as Tensor, await (net.predict(x) as Tensor).data(), { relative: 0 });
      net.dispose();
    });
  });

  describe('rejects', () => {
    it('pictures without a size for models of unknown names', async () => {
      const { model: trunk } = createBackbone('vgg-small');
      Object.assign(trunk, { name: 'nowhere' });
      await expect(traceForward(trunk)).rejects.toThrow(
        "traceForward: inputSize is required for the model 'nowhere', which is no backbone; give it",
      );
      trunk.dispose();
    });
  });

  describe('memory', () => {
    it.each(small)('%s gives back all it took', async (name) => {
      const before = memory().numTensors;
      const x = zeros([1, 8, 8, 3]);
      const net = createModel(name, { classes: 3 });
      await expectNoLeak(async () => {
        (net.predict(x) as Tensor).dispose();
        await traceForward(net, { inputSize: 8 });
      });
      net.dispose();
      x.dispose();
      expect(memory().numTensors).toBe(before);
    });
  });
});

describe('listModels', () => {
  it('has the families', () => {
    expect(listModels('mobilenet*')).toEqual(['mobilenetv2', 'mobilenetv2-small']);
    expect(listModels('shufflenetv2-x*')).toHaveLength(4);
    expect(listModels('*v2-small')).toEqual(['mobilenetv2-small', 'shufflenetv2-small']);
    expect(listModels('*-mini').sort()).toEqual(['deit-drop-mini', 'deit-mini', 'swin-mini', 't2t-vit-mini']);
    expect(listModels()).toEqual(expect.arrayContaining(['alexnet', 'vgg16', 'vgg16-bn', 'preact-resnet164']));
  });
});
