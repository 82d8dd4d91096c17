import { DropPath, modelState, withTrainingScope } from '@covpool/core';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  reloaded,
  seededTensor,
} from '@covpool/testing';
import { add, memory, oneHot, type Tensor, type Tensor1D, tensor1d, tidy, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import {
  backbones,
  createBackbone,
  createModel,
  deit,
  deitDrop,
  listModels,
  preprocessing,
  swin,
  t2tVit,
  traceForward,
  visionTransformer,
} from './index.ts';

// Narrow members of the families, which are as quick on the cpu engine as need be.
const narrow = { summary: '', inputSize: 32, width: 12, depth: 2, heads: 2, mlpRatio: 1, dropPath: 0.5 };
const dense = { stem: 4, layers: 1, growth: 2, transition: 4 };
const windows = { patch: 4, width: 8, depths: [2, 1], heads: [1, 2], window: 4, mlpRatio: 1 };
const t2t = { ...narrow, tokenWidth: 4 };
backbones.register('test-deit', visionTransformer(deit({ ...narrow, patch: 8 })));
backbones.register('test-t2t', visionTransformer(t2tVit({ ...t2t, attention: 'performer' })));
backbones.register('test-t2t-t', visionTransformer(t2tVit({ ...t2t, attention: 'transformer' })));
backbones.register('test-deit-drop', {
  ...visionTransformer(deitDrop({ ...narrow, dense, pooled: [1, 4] })),
  // The published pooling is in a package that this one does not know.
  defaults: { pooling: { name: 'gap' }, fusion: 'sum-fc' },
});
backbones.register('test-swin', swin({ ...windows, summary: '', inputSize: 32, dropPath: 0.5 }));

const families = ['test-deit', 'test-t2t', 'test-t2t-t', 'test-deit-drop', 'test-swin'];
const pictures = () => seededTensor([4, 32, 32, 3], 'pictures');
const labels = (): Tensor => oneHot(tensor1d([0, 1, 2, 1], 'int32') as Tensor1D, 3);
const training = { training: true };

describeEngines('transformers', (engine) => {
  describe('values', () => {
    it.each([
      ['test-deit', { c3: [12, 8] }],
      ['test-t2t', { c4: [12, 16] }],
      ['test-deit-drop', { c4: [12, 16] }],
      ['test-swin', { c2: [8, 4], c3: [16, 8] }],
    ])('%s gives the maps that its specs say', (name, expected) => {
      const { model: trunk, specs } = createBackbone(name);
      const found = Object.fromEntries(
        Object.entries(specs).map(([level, { channels, stride }]) => [level, [channels, stride]]),
      );
      expect(found).toEqual(expected);
      const outputs = [trunk.predict(zeros([1, 32, 32, 3]))].flat() as Tensor[];
      expect(outputs.map(({ shape }) => shape)).toEqual(
        Object.values(specs).map(({ channels, stride }) => [1, 32 / stride, 32 / stride, channels]),
      );
      trunk.dispose();
    });

    it('classify the class token, or in its place pooled patch tokens', async () => {
      const weights = (options: object) => {
        const net = createModel('test-deit', { classes: 3, ...options });
        const names = modelState(net).map(({ name }) => name);
        const heads = names.filter((name) => /^(head|classifier|pool)/.test(name));
        net.dispose();
        return heads;
      };
      const [head, visual, cls] = ['head', 'classifier.visual_fc', 'classifier.cls_fc'].map((name) => [
        `${name}.weight`,
        `${name}.bias`,
      ]);
      expect(weights({})).toEqual(head);
      expect(weights({ pooling: 'gap' })).toEqual(head);
      expect(weights({ pooling: 'gap', fusion: 'sum-fc' }).sort()).toEqual([...cls!, ...visual!].sort());
      expect(weights({ pooling: 'gap', fusion: 'concat' })).toEqual(visual);
      expect(weights({ pooling: 'gap', fusion: 'aggre-all' })).toEqual(visual);
    });

    it('with sum-fc are the sum of two linear maps: of the pooled patch tokens and of the class token', async () => {
      const net = createModel('test-deit', { classes: 3, pooling: 'gap', fusion: 'sum-fc', seed: 3 });
      const outputs = ['classifier.visual_fc', 'classifier.cls_fc'].map((name) => net.getLayer(name));
      const x = pictures();
      const traces = new Map((await traceForward(net)).map(({ name, kernels }) => [name, kernels]));
      expect(traces.get('blocks.0.attn')).toHaveProperty('Softmax', 1);
      expect(traces.get('blocks.0.norm1')).toHaveProperty('LayerNormalization', 1);
      expect(traces.get('blocks.0.mlp.act')).toHaveProperty('Gelu', 1);
      const logits = await (net.predict(x) as Tensor).data();
      const without = async (i: number) => {
        const kept = outputs[i]!.getWeights().map((w) => w.clone());
        outputs[i]!.setWeights(kept.map((w) => zeros(w.shape)));
        const y = net.predict(x) as Tensor;
        outputs[i]!.setWeights(kept);
        return y;
      };
      await expectClose(add(await without(0), await without(1)), logits);
      net.dispose();
    });
  });

  describe('properties', () => {
    // The cpu engine computes these gradients, too, in a minute and more.
    it.runIf(engine !== 'cpu').each(families)(
      '%s learns by the step, and predicts the same after saving and loading',
      async (name) => {
        const net = createModel(name, { classes: 3, seed: 2 });
        net.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
        const losses: number[] = [];
        const x = pictures();
        const target = labels();
        for (let step = 0; step < 8; step++) losses.push((await net.trainOnBatch(x, target)) as number);
        expect(losses.at(-1)!).toBeLessThan(losses[0]!);
        const again = await reloaded(net);
        expect(modelState(again).map((entry) => entry.name)).toEqual(modelState(net).map((entry) => entry.name));
        await expectClose(again.predict(x) as Tensor, await (net.predict(x) as Tensor).data(), { relative: 0 });
        for (const used of [net, again]) used.dispose();
      },
    );

    it('drop branches by seed, step and shard, deeper ones more often, and none outside of training', async () => {
      const net = createModel('test-deit', { classes: 3 });
      const rates = net.layers
        .filter((layer) => layer instanceof DropPath)
        .map((layer) => [layer.name, layer.getConfig().rate]);
      expect(rates).toEqual([
        ['blocks.1.drop_path1', 0.5],
        ['blocks.1.drop_path2', 0.5],
      ]);
      const x = seededTensor([8, 32, 32, 3], 'eight');
      const run = async (seed: number, step: number, shard: number) =>
        withTrainingScope({ seed, step, shard, updates: [] }, () => net.apply(x, training) as Tensor).data();
      const first = await run(1, 0, 0);
      expect(await run(1, 0, 0)).toEqual(first);
      for (const other of [run(2, 0, 0), run(1, 1, 0), run(1, 0, 1)]) expect(await other).not.toEqual(first);
      const still = await (net.predict(x) as Tensor).data();
      expect(await (net.predict(x) as Tensor).data()).toEqual(still);
      net.dispose();
    });

    it('of windows take other pictures, too; of positions only their own', async () => {
      const net = createModel('test-swin', { classes: 3 });
      expect((net.predict(zeros([1, 64, 32, 3])) as Tensor).shape).toEqual([1, 3]);
      net.dispose();
      const fixed = createModel('test-deit', { classes: 3 });
      await expectCovpoolError(
        () => fixed.predict(zeros([1, 64, 64, 3])),
        'bad-argument',
        /^pos_embed: 17 tokens are required, got 65; give pictures of the size/,
      );
      fixed.dispose();
    });
  });

  describe('rejects', () => {
    it('attentions, other strides and fusions where there are none', async () => {
      const rejects = (run: () => unknown, message: RegExp) => expectCovpoolError(run, 'bad-argument', message);
      await rejects(
        () => createModel('test-swin', { lastStride: 1 }),
        /transformers have neither attention nor lastStride/,
      );
      await rejects(() => createModel('test-deit', { attention: 'gsop' }), /transformers have neither attention/);
      await rejects(
        () => createModel('test-swin', { pooling: 'gap', fusion: 'sum-fc' }),
        /^createModel: fusion is for networks with a class token, got sum-fc for test-swin/,
      );
      await rejects(
        () => createModel('test-deit', { pooling: 'gap', fusion: 'both' as 'concat' }),
        /^createModel: unknown fusion 'both'; known: aggre-all, concat, sum-fc, visual/,
      );
    });
  });

  describe('memory', () => {
    it.each(families)('%s gives back all it took', async (name) => {
      const before = memory().numTensors;
      const x = zeros([1, 32, 32, 3]);
      const net = createModel(name, { classes: 3 });
      await expectNoLeak(() => (net.predict(x) as Tensor).dispose());
      await expectNoLeak(() => tidy(() => void net.apply(x, training)));
      net.dispose();
      x.dispose();
      // Running statistics are written anew in training; their number stays.
      expect(memory().numTensors).toBe(before);
    });
  });
});

describe('listModels', () => {
  it('has the transformers, with the preprocessing that they were published with', () => {
    expect(listModels('deit*')).toHaveLength(8);
    expect(listModels('t2t*')).toEqual(expect.arrayContaining(['t2t-vit-14', 't2t-vit-t-14', 't2t-vit-drop-14']));
    expect(listModels('swin*')).toEqual(['swin-mini', 'swin-tiny', 'swin-small', 'swin-base']);
    expect(preprocessing('deit-small')).toMatchObject({
      inputSize: 224,
      cropFraction: 0.9,
      interpolation: 'bicubic',
    });
    expect(preprocessing('swin-tiny').cropFraction).toBe(0.9);
    // Resized to 256 for a crop of 224 (spec training 4).
    for (const name of ['deit-drop-small', 't2t-vit-drop-14']) {
      expect(preprocessing(name)).toMatchObject({ cropFraction: 0.875, interpolation: 'bicubic' });
    }
  });
});
