import { describe, expect, it } from 'vitest';
import { headSizes, toAuthorNames } from './head-names.ts';
import type { TensorData } from './tensor-data.ts';

const state = (shapes: Record<string, number[]>): Map<string, TensorData> =>
  new Map(Object.entries(shapes).map(([name, shape]) => [name, { dtype: 'F32', shape, data: new Uint8Array(0) }]));

describe('values', () => {
  it.each([
    [
      'GCP_Optimization',
      { 'layer_reduce.weight': [128, 2048, 1, 1], 'fc.bias': [1000] },
      { reduce: [128], classes: 1000 },
    ],
    [
      'MobileNetV2',
      { 'dimension_reduction.0.weight': [256, 1280, 1, 1], 'classifier.1.bias': [10] },
      { reduce: [256], classes: 10 },
    ],
    [
      'ours, two steps',
      { 'pool.reduce.1.0.weight': [8, 16, 1, 1], 'pool.reduce.0.0.weight': [16, 64, 1, 1], 'fc.bias': [3] },
      { reduce: [16, 8], classes: 3 },
    ],
    [
      'fast-MPN-COV, fine-tuned',
      {
        'features.module.4.0.conv1.weight': [64, 64, 1, 1],
        'features.module.8.weight': [256, 2048, 1, 1],
        'classifier.bias': [200],
      },
      { reduce: [256], classes: 200 },
    ],
    ['VGG', { 'classifier.6.bias': [7], 'classifier.0.bias': [4096], 'classifier.3.bias': [4096] }, { classes: 7 }],
    ['timm, VGG', { 'pre_logits.fc1.weight': [4096, 512, 7, 7], 'head.fc.bias': [9] }, { classes: 9 }],
    ['a trunk', { 'conv1.weight': [64, 3, 7, 7] }, {}],
  ])('%s: channels and classes', (_, shapes, expected) => {
    expect(headSizes(state(shapes))).toEqual(expected);
  });

  it("has the authors' names of a residual and of a mobile network (spec backbones 6.2)", () => {
    const head = {
      'pool.reduce.0.0.weight': [1],
      'pool.reduce.0.1.running_var': [1],
      'pool.eca_layer.conv.weight': [1],
    };
    expect([...toAuthorNames(state({ 'layer1.0.conv1.weight': [1], ...head, 'fc.bias': [1] })).keys()]).toEqual([
      'layer1.0.conv1.weight',
      'layer_reduce.weight',
      'layer_reduce_bn.running_var',
      'eca_layer.conv.weight',
      'fc.bias',
    ]);
    expect([...toAuthorNames(state({ 'features.0.0.weight': [1], ...head })).keys()].slice(1, 3)).toEqual([
      'dimension_reduction.0.weight',
      'dimension_reduction.1.running_var',
    ]);
  });
});
