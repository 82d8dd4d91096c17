import { CovpoolError } from '@covpool/base';
import { modelState } from '@covpool/core';
import { describeEngines, expectClose, expectNoLeak, seededTensor } from '@covpool/testing';
import { slice, type Tensor, zeros } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { listModels, preprocessing } from './backbone-registry.ts';
import { createBackbone, createModel } from './create-model.ts';
import './resnet.ts';

const trainable = (net: LayersModel) =>
  net.trainableWeights.reduce((total, w) => total + w.shape.reduce<number>((p, n) => p * n!, 1), 0);

describeEngines('ResNet', () => {
  describe('values', () => {
    it('has the parameter count and weight names of torchvision', () => {
      const net = createModel('resnet18');
      expect(trainable(net)).toBe(11_689_512);
      const names = modelState(net).map(({ name }) => name);
      // torchvision's 122 tensors less the 20 counters of batches.
      expect(names).toHaveLength(102);
      for (const name of [
        'conv1.weight',
        'bn1.running_var',
        'layer2.0.downsample.0.weight',
        'layer4.1.bn2.bias',
        'fc.bias',
      ]) {
        expect(names).toContain(name);
      }
      expect(names).not.toContain('layer1.0.downsample.0.weight');
      net.dispose();
    });

    it('knows the channels and strides of its stages', () => {
      const { model: trunk, specs } = createBackbone('resnet18');
      expect(specs).toEqual({
        c2: { channels: 64, stride: 4 },
        c3: { channels: 128, stride: 8 },
        c4: { channels: 256, stride: 16 },
        c5: { channels: 512, stride: 32 },
      });
      trunk.dispose();
    });

    it('strides by its specs', async () => {
      const { model: trunk, specs } = createBackbone('resnet8');
      const outputs = trunk.predict(zeros([1, 32, 32, 3])) as Tensor[];
      expect(outputs.map(({ shape }) => shape)).toEqual(
        Object.values(specs).map(({ channels, stride }) => [1, 32 / stride, 32 / stride, channels]),
      );
      trunk.dispose();
    });
  });

  describe('properties', () => {
    it('gives a GAP and a second-order network of one seed the same trunk', async () => {
      const entries = (net: LayersModel) => modelState(net).filter(({ name }) => name.startsWith('layer'));
      const [gap, reduced] = [
        createModel('resnet8', { classes: 3 }),
        createModel('resnet8', { classes: 3, pooling: { name: 'gap', dim: 8 } }),
      ];
      const [first, second] = [entries(gap), entries(reduced)];
      expect(first.map(({ name }) => name)).toEqual(second.map(({ name }) => name));
      for (const [i, { variable }] of first.entries()) {
        await expectClose(second[i]!.variable.read(), await variable.read().data(), { relative: 0 });
      }
      gap.dispose();
      reduced.dispose();
    });

    it('gives other weights for another seed', async () => {
      const weight = async (seed: number) => {
        const net = createModel('resnet8', { classes: 2, seed });
        const values = [...(await net.getWeights()[0]!.data())];
        net.dispose();
        return values;
      };
      expect(await weight(1)).toEqual(await weight(1));
      expect(await weight(2)).not.toEqual(await weight(1));
    });

    it('classifies each picture by itself outside of training', async () => {
      const net = createModel('resnet8', { classes: 4 });
      const pictures = seededTensor([3, 32, 32, 3], 'pictures');
      const together = net.predict(pictures) as Tensor;
      const alone = net.predict(slice(pictures, [1, 0, 0, 0], [1, 32, 32, 3])) as Tensor;
      await expectClose(alone, (await together.data()).slice(4, 8));
      net.dispose();
    });
  });

  describe('rejects', () => {
    it('unknown names and useless numbers of classes', () => {
      expect(() => createModel('resnet19')).toThrow(/createModel: unknown backbone 'resnet19'; known: .*resnet18/);
      expect(() => createModel('resnet8', { classes: 0 })).toThrow(CovpoolError);
      expect(() => createModel('resnet8', { pooling: 'nowhere' })).toThrow(/unknown pooling/);
    });
  });

  describe('memory', () => {
    it('gives back all it took', async () => {
      await expectNoLeak(() => {
        const net = createModel('resnet8', { classes: 2 });
        const x = zeros([1, 16, 16, 3]);
        (net.predict(x) as Tensor).dispose();
        x.dispose();
        net.dispose();
      });
    });
  });
});

describe('listModels', () => {
  it('lists by pattern', () => {
    expect(listModels('resnet1*')).toEqual(['resnet18', 'resnet101', 'resnet152']);
    expect(listModels()).toContain('resnet8');
  });

  it('goes with the preprocessing of each', () => {
    expect(preprocessing('resnet50')).toMatchObject({ inputSize: 224, cropFraction: 0.875 });
  });
});
