import { describeEngines, seededTensor } from '@covpool/testing';
import { type Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { backbones, createModel, deit, poolings, resnet, swin, visionTransformer } from './index.ts';

// Narrow transformers for pictures of 16 pixels: 16 tokens beside a class token, and a map of 4×4 positions.
const narrow = { summary: '', inputSize: 16, mlpRatio: 1, dropPath: 0, patch: 4 };
backbones.register('narrow-deit', visionTransformer(deit({ ...narrow, width: 8, depth: 1, heads: 2 })));
backbones.register('narrow-swin', swin({ ...narrow, width: 8, depths: [2], heads: [2], window: 2 }));

// A bottleneck network as the ImageNet ones are, with an attention inside as those of GSoP have.
const bottleneck = resnet({ block: 'bottleneck', depths: [1, 1], widths: [4, 6], stem: 'imagenet', summary: '' });
backbones.register('narrow-gsop', { ...bottleneck, defaults: { attention: { name: 'gsop-channel', dim: 4 } } });

/** A small network of each family, and the side of its pictures. */
const families: [string, number][] = [
  ['resnet8', 16],
  ['narrow-gsop', 32],
  ['mobilenetv2-small', 16],
  ['shufflenetv2-small', 16],
  ['vgg-small', 16],
  ['alexnet-small', 48],
  ['preact-resnet20', 16],
  ['narrow-deit', 16],
  ['narrow-swin', 16],
];

describeEngines('every pooling', () => {
  describe.each(families)('in %s', (backbone, side) => {
    it.each(poolings.names())('%s', async (name) => {
      const net = createModel(backbone, { pooling: { name, dim: 4 }, classes: 3 });
      const y = net.predict(seededTensor([2, side, side, 3], 'pictures')) as Tensor;
      expect(y.shape).toEqual([2, 3]);
      expect((await y.data()).every(Number.isFinite)).toBe(true);
      net.dispose();
    });
  });
});

describe('every backbone', () => {
  it('of a publication reduces the channels of what grows with their square, and of nothing else', () => {
    const reduced = (backbone: string, name: string): unknown => {
      const net = createModel(backbone, { pooling: name, classes: 1 });
      const { reduce } = net.getLayer('pool').getConfig();
      net.dispose();
      return reduce;
    };
    for (const name of ['isqrt', 'cov', 'bcnn']) expect([name, reduced('mobilenetv2', name)]).toEqual([name, [256]]);
    for (const name of ['gap', 'cbp', 'lrbp']) expect([name, reduced('mobilenetv2', name)]).toEqual([name, []]);
  });
});
