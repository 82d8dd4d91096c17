import { describeEngines, expectClose, seededTensor } from '@covpool/testing';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createBackbone, createDetector, createModel, exportState, loadTrunk, type TensorData } from './index.ts';

const name = 'resnet8-detection';

/** A classifier with second-order pooling, as GCP_Optimization saves it. */
async function published(): Promise<Map<string, TensorData>> {
  const classifier = createModel(name, { pooling: { name: 'isqrt', dim: 16 }, classes: 5, seed: 4 });
  const tensors = new Map<string, TensorData>();
  for (const [weight, data] of await exportState(classifier)) {
    const renamed = weight.replace('pool.reduce.0.0.', 'layer_reduce.').replace('pool.reduce.0.1.', 'layer_reduce_bn.');
    tensors.set(renamed, data);
  }
  classifier.dispose();
  return tensors;
}

describeEngines('trunks of second-order classifiers', () => {
  it.each(['GAP', 'GCP_D', 'GCP_M'] as const)('carry a detector as %s (detection spec 1)', async (variant) => {
    const tensors = await published();
    expect([...tensors.keys()]).toEqual(expect.arrayContaining(['layer_reduce.weight', 'fc.weight']));
    const backbone = createBackbone(name, { variant, frozenStages: 1, normalization: 'running' });
    const { problems } = loadTrunk(backbone.model, tensors);
    expect(problems.every(({ problem }) => problem === 'unexpected')).toBe(true);
    expect(problems.every((weight) => /^(layer_reduce|layer_reduce_bn|fc)\./.test(weight.name))).toBe(true);
    const detector = createDetector('faster-rcnn-small', { backbone, classes: 2 });
    const state = await exportState(detector.model);
    for (const [weight, data] of tensors) {
      if (/^(conv1|bn1|layer\d)\./.test(weight)) expect(state.get(`backbone.${weight}`)).toEqual(data);
    }
    detector.dispose();
  });

  describe('at the resolution that they were trained at', () => {
    it('give the features of the classifier up to the last stage', async () => {
      const tensors = await published();
      const [trained, m] = [createBackbone(name, { lastStride: 1 }), createBackbone(name, { variant: 'GCP_M' })];
      for (const { model } of [trained, m]) loadTrunk(model, tensors);
      const x = seededTensor([1, 32, 32, 3], 'trunk');
      const expected = trained.model.apply(x) as Tensor[];
      const found = m.model.apply(x) as Tensor[];
      for (const stage of [0, 1]) await expectClose(found[stage]!, await expected[stage]!.data());
      expect(expected[2]!.shape).toEqual([1, 4, 4, 128]);
      expect(found[2]!.shape).toEqual([1, 2, 2, 128]);
    });
  });
});
