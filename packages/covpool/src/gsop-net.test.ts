import { describeEngines, expectClose, reloaded, seededTensor } from '@covpool/testing';
import { type Tensor, zeros } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { createModel, listModels, modelState, useEngine } from './index.ts';

const count = (net: LayersModel): number =>
  net.trainableWeights.reduce((total, { shape }) => total + shape.reduce<number>((p, n) => p * n!, 1), 0);

/** What the channel block adds to a bottleneck of C channels, 128 in between (spec 7.1). */
const block = (channels: number): number =>
  channels * 128 + 128 + 2 * 128 + 2 * 128 + 4 * 128 * 128 + 4 * 128 + 4 * 128 * channels + channels;

describe('GSoP-Net', () => {
  it('comes in two forms for two trunks (spec 7.2)', () =>
    expect(listModels('gsop-*')).toEqual([
      'gsop-net1-resnet50',
      'gsop-net1-resnet101',
      'gsop-net2-resnet50',
      'gsop-net2-resnet101',
    ]));

  it('has the weights of its trunk, of its blocks and of its head (spec 7.1, 7.2)', async () => {
    await useEngine('cpu');
    const fewer = (classes: number, descriptor: number) => (1000 - classes) * (descriptor + 1);

    const net1 = createModel('gsop-net1-resnet50', { classes: 2 });
    const four = [256, 512, 1024, 2048].map(block).reduce((a, b) => a + b);
    expect(four).toBe(2_728_192);
    expect(count(net1)).toBe(25_557_032 + four - fewer(2, 2048));
    const names = modelState(net1).map(({ name }) => name);
    for (const path of ['layer1.2', 'layer2.3', 'layer3.5', 'layer4.2']) {
      expect(names).toContain(`${path}.row_conv_group.weight`);
      const { inboundLayers } = net1.getLayer(path).inboundNodes[0]!;
      expect(inboundLayers.map(({ name }) => name)).toEqual([`${path}.bn3`]);
      expect(net1.getLayer(path).getConfig()).toMatchObject({ dim: 128, strides: path === 'layer1.2' ? 2 : 1 });
    }
    expect(net1.getLayer('layer4.0.conv2').getConfig()).toMatchObject({ strides: 1 });
    net1.dispose();

    const net2 = createModel('gsop-net2-resnet50', { classes: 2 });
    expect(count(net2)).toBe(56_929_832 + four - block(2048) - fewer(2, 32_896));
    expect(net2.getLayer('pool').getConfig()).toMatchObject({ reduce: [256], iterations: 3 });
    expect(net2.layers.map(({ name }) => name)).not.toContain('layer4.2');
    expect(net2.getLayer('layer4.0.conv2').getConfig()).toMatchObject({ strides: 1 });
    net2.dispose();
  });
});

describeEngines('a small network with second-order attention', () => {
  it.each([
    { name: 'gsop-channel', dim: 8 },
    { name: 'gsop', dim: 8, fusion: 'concat', stages: [1] },
  ])('trains and reloads with %o', async (attention) => {
    const net = createModel('resnet8', { attention, classes: 3, seed: 1 });
    net.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const [pictures, target] = [seededTensor([2, 8, 8, 3], 'pictures'), zeros([2, 3])];
    const losses: number[] = [];
    for (let i = 0; i < 3; i++) losses.push((await net.trainOnBatch(pictures, target)) as number);
    expect(losses.at(-1)!).toBeLessThan(losses[0]!);
    const again = await reloaded(net);
    await expectClose(again.predict(pictures) as Tensor, await (net.predict(pictures) as Tensor).data(), {
      relative: 0,
    });
    again.dispose();
    net.dispose();
  });
});
