import { BatchNorm, Conv2d, Linear } from '@covpool/core';
import { describeEngines, expectClose, seededTensor } from '@covpool/testing';
import { abs, type Tensor } from '@tensorflow/tfjs-core';
import { layers, type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import { expect, it } from 'vitest';
import { matchKeys, matchTable } from './match-keys.ts';
import { exportState, importState } from './model-tensors.ts';
import type { TensorData } from './tensor-data.ts';

/** A chain of 1×1 convolutions, batch normalisations (`bn:`) and a last linear layer of these names. */
function net(names: string[], seed: number, classes = 3): LayersModel {
  const model = sequential();
  for (const [i, name] of names.entries()) {
    const shape = i === 0 ? { inputShape: [2, 2, 2] } : {};
    if (name.startsWith('bn:')) model.add(new BatchNorm({ name: name.slice(3), ...shape }));
    else if (i < names.length - 1) model.add(new Conv2d({ name, filters: 2, kernelSize: 1, ...shape }));
    else {
      model.add(layers.flatten());
      model.add(new Linear({ name, units: classes }));
    }
  }
  model.weights.forEach((weight, i) => weight.write(abs(seededTensor(weight.shape as number[], `${seed} ${i}`))));
  return model;
}

const HEAD = ['pool.reduce.0.0', 'bn:pool.reduce.0.1'];
const RESNET = ['conv1', 'bn:bn1', 'layer1.0.conv1', 'layer4.0.conv1', 'bn:layer4.0.bn1', ...HEAD, 'fc'];
const MOBILENET = [
  'features.0.0',
  'bn:features.0.1',
  'features.1.conv.0.0',
  'features.17.conv.2',
  ...HEAD,
  'classifier.1',
];

const SEQUENTIAL = (...tail: string[]) => [
  ...['features.module.0', 'bn:features.module.1', 'features.module.4.0.conv1', 'features.module.7.0.conv1'],
  ...['bn:features.module.7.0.bn1', ...tail, 'classifier'],
];

const names = async (model: LayersModel): Promise<string[]> => [...(await exportState(model)).keys()];

const renamed = (names: string[], from: string[], to: string[]) => names.map((name) => to[from.indexOf(name)] ?? name);

/** Every scheme of spec backbones 6.2, and whose layout it is said to be. */
const schemes: [string, string[], string[], string][] = [
  ['torchvision names', RESNET, RESNET, ''],
  ['resnet*_mpncov', RESNET, renamed(RESNET, [...HEAD], ['layer_reduce', 'bn:layer_reduce_bn']), ''],
  ['landscape ResNet', RESNET, renamed(RESNET, [...HEAD], ['Layer_Reduce', 'bn:Layer_Reduce_BN']), ''],
  [
    'mobilenet_v2_mpncov',
    MOBILENET,
    renamed(MOBILENET, [...HEAD], ['dimension_reduction.0', 'bn:dimension_reduction.1']),
    '',
  ],
  [
    'landscape MobileNetV2',
    MOBILENET,
    ['conv1.0', 'bn:conv1.1', 'features.0.conv.0.0', 'features.16.conv.2', 'Layer_Reduce', 'bn:Layer_Reduce_BN', 'fc'],
    'GCP_Optimization, loss landscape of MobileNetV2',
  ],
  [
    'fast-MPN-COV from scratch',
    RESNET,
    SEQUENTIAL('representation.conv_dr_block.0', 'bn:representation.conv_dr_block.1'),
    'fast-MPN-COV, residual network',
  ],
  [
    'fast-MPN-COV fine-tuned',
    RESNET,
    SEQUENTIAL('features.module.8', 'bn:features.module.9'),
    'fast-MPN-COV, residual network',
  ],
  [
    'fast-MPN-COV with another trunk',
    MOBILENET,
    [...MOBILENET.slice(0, 4).map((name) => name.replace('features', 'features.module')), ...HEAD, 'classifier'],
    'fast-MPN-COV',
  ],
  [
    'timm MobileNetV2',
    [
      ...['features.0.0', 'bn:features.0.1', 'features.1.conv.0.0', 'features.1.conv.1', 'features.9.conv.1.0'],
      ...['bn:features.17.conv.3', 'bn:features.18.1', 'classifier.1'],
    ],
    [
      ...['conv_stem', 'bn:bn1', 'blocks.0.0.conv_dw', 'blocks.0.0.conv_pw', 'blocks.3.2.conv_dw'],
      ...['bn:blocks.6.0.bn3', 'bn:bn2', 'classifier'],
    ],
    'timm, MobileNetV2',
  ],
  [
    'DropCov',
    [...RESNET.slice(0, -1), 'pool.eca_layer.conv', 'fc'],
    [...renamed(RESNET, HEAD, ['layer_reduce', 'bn:layer_reduce_bn']).slice(0, -1), 'eca_layer.conv', 'fc'],
    '',
  ],
];

describeEngines('values', () => {
  it.each(schemes)('%s (spec backbones 6.2)', async (_, ours, theirs, layout) => {
    const [from, to] = [net(theirs, 1), net(ours, 2)];
    const state = await exportState(from);
    state.set(`${theirs[1]!.slice(3)}.num_batches_tracked`, { dtype: 'I64', shape: [], data: new Uint8Array(8) });
    const match = importState(to, state);
    expect([match.layout, match.problems]).toEqual([layout, []]);
    const x = seededTensor([2, 2, 2, 2], 'x');
    await expectClose(to.predict(x) as Tensor, await (from.predict(x) as Tensor).data(), { relative: 0 });
  });

  it.each(['backbone.', 'backbone.body.'])(
    "takes the trunk of a detector, whose names begin with '%s'",
    async (prefix) => {
      const trunk = RESNET.slice(0, 5);
      const theirs = trunk.map((name) => name.replace(/^(bn:)?/, `$1${prefix}`));
      const [from, to] = [net([...theirs, 'roi_head.bbox_head.fc_cls'], 1), net(RESNET, 2)];
      const { layout, problems } = importState(to, await exportState(from), { partial: true });
      expect(layout).toBe('mmdetection, trunk of a detector');
      expect(problems.filter(({ problem }) => problem === 'missing').map(({ name }) => name)).toEqual(
        (await names(net(RESNET, 2))).filter((name) => /^(pool|fc)/.test(name)),
      );
      const [before, after] = [await exportState(from), await exportState(to)];
      expect(after.get('layer1.0.conv1.weight')).toEqual(before.get(`${prefix}layer1.0.conv1.weight`));
    },
  );

  it('takes the trunk below a classifier of another size, and says so', async () => {
    const [from, to] = [net(RESNET, 1, 5), net(RESNET, 2)];
    const before = await exportState(to);
    const { problems } = importState(to, await exportState(from), { partial: true });
    expect(problems).toEqual([
      { problem: 'misshapen', name: 'fc.weight', found: [5, 8], expected: [3, 8] },
      { problem: 'misshapen', name: 'fc.bias', found: [5], expected: [3] },
    ]);
    const after = await exportState(to);
    const source = await exportState(from);
    for (const [name, tensor] of after) expect(tensor).toEqual((name.startsWith('fc.') ? before : source).get(name));
  });

  it('reports missing, misshapen and unexpected weights in one table', async () => {
    const state = await exportState(net(RESNET, 1, 5));
    state.delete('layer1.0.conv1.weight');
    state.set('extra', state.get('conv1.weight')!);
    const match = matchKeys(net(RESNET, 2), state);
    const rows = [
      'problem     weight                 file       model',
      'missing     layer1.0.conv1.weight  -          [2,2,1,1]',
      'misshapen   fc.weight              [5,8]      [3,8]',
      'misshapen   fc.bias                [5]        [3]',
      'unexpected  extra                  [2,2,1,1]  -',
    ];
    expect(matchTable(match).split('\n')).toEqual(rows);
    expect(match.tensors.get('extra')).toBe(state.get('extra'));
  });
});

describeEngines('a linear layer saved as a convolution over its whole map', () => {
  it('is taken, as timm saves those of VGG', () => {
    const vgg = net(['features.0', 'classifier.0'], 1);
    const linear = (shape: number[]): TensorData => ({ dtype: 'F32', shape, data: new Uint8Array(4 * 24) });
    const state = (shape: number[]) =>
      new Map<string, TensorData>([
        ['features.0.weight', { dtype: 'F32', shape: [2, 2, 1, 1], data: new Uint8Array(16) }],
        ['pre_logits.fc1.weight', linear(shape)],
        ['pre_logits.fc1.bias', { dtype: 'F32', shape: [3], data: new Uint8Array(12) }],
      ]);
    expect(matchKeys(vgg, state([3, 2, 2, 2]))).toMatchObject({ layout: 'timm, VGG', problems: [] });
    expect(matchKeys(vgg, state([3, 2, 2, 1])).problems).toMatchObject([{ problem: 'misshapen', found: [3, 2, 2, 1] }]);
  });
});

describeEngines('rejects', () => {
  it('a file of which nothing fits, though a part would do', () => {
    const state = new Map<string, TensorData>([['a', { dtype: 'U8', shape: [1], data: new Uint8Array(1) }]]);
    expect(() => importState(net(RESNET, 1), state, { partial: true })).toThrow(
      /a checkpoint of this model is required/,
    );
  });

  it('two names for one place: the second stays without', async () => {
    const state = await exportState(net(RESNET, 1));
    state.set('classifier.bias', state.get('fc.bias')!);
    const { problems } = matchKeys(net(RESNET, 2), state);
    expect(problems).toEqual([{ problem: 'unexpected', name: 'classifier.bias', found: [3] }]);
  });
});
