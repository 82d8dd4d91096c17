import { readFile } from 'node:fs/promises';
import { describeEngines, expectClose } from '@covpool/testing';
import {
  losses,
  oneHot,
  type Scalar,
  type Tensor,
  type Tensor2D,
  tensor,
  tidy,
  transpose,
  train,
} from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  backbones,
  createModel,
  Dropout,
  DropPath,
  exportState,
  importState,
  type PoolingSpec,
  readSafetensors,
  deit,
  deitDrop,
  resnet,
  swin,
  t2tVit,
  type TensorData,
  toFloat32,
  visionTransformer,
} from './index.ts';

// The same depths and widths as in tools/torch-goldens/make_backbone_goldens.py.
backbones.register(
  'resnet-bottleneck',
  resnet({ block: 'bottleneck', depths: [2, 1, 1, 1], widths: [8, 8, 16, 16], stem: 'imagenet', summary: '' }),
);

const narrow = { summary: '', inputSize: 32, width: 24, depth: 2, heads: 3, mlpRatio: 2, dropPath: 0 };
backbones.register('deit-narrow', visionTransformer(deit({ ...narrow, patch: 8 })));
for (const [name, attention] of [
  ['t2t-vit-narrow', 'performer'],
  ['t2t-vit-t-narrow', 'transformer'],
] as const) {
  backbones.register(name, visionTransformer(t2tVit({ ...narrow, attention, tokenWidth: 8 })));
}
const dense = { stem: 8, layers: 2, growth: 4, transition: 8 };
backbones.register(
  'deit-drop-narrow',
  visionTransformer(deitDrop({ ...narrow, mlpRatio: 2.5, dense, pooled: [2, 4] })),
);
const windows = { patch: 4, width: 16, depths: [2, 2], heads: [2, 4], window: 4 };
backbones.register('swin-narrow', swin({ ...windows, summary: '', inputSize: 32, mlpRatio: 2, dropPath: 0 }));

type Tensors = Map<string, TensorData>;

// COVPOOL_BACKBONE_GOLDENS: a folder of full-size goldens, made by the script's --full.
const folder = process.env.COVPOOL_BACKBONE_GOLDENS;
const cnns = folder
  ? ['resnet18', 'resnet50', 'mobilenetv2', 'shufflenetv2-x0.5', 'shufflenetv2-x1.0', 'vgg16-bn', 'alexnet']
  : ['resnet8', 'resnet-bottleneck', 'mobilenetv2-small', 'shufflenetv2-small', 'vgg-small', 'preact-resnet20'];
const transformers = folder
  ? [
      'deit-tiny',
      'deit-small',
      'swin-tiny',
      't2t-vit-14',
      't2t-vit-t-14',
      'deit-drop-tiny',
      'deit-drop-small',
      't2t-vit-drop-14',
    ]
  : ['deit-narrow', 'swin-narrow', 't2t-vit-narrow', 't2t-vit-t-narrow', 'deit-drop-narrow'];
const names = [...cnns, ...transformers];

if (folder) vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

async function golden(name: string): Promise<Tensors> {
  const path = folder
    ? `${folder}/${name}.safetensors`
    : new URL(`goldens/backbones/${name}.safetensors`, import.meta.url);
  return readSafetensors(await readFile(path)).tensors;
}

const part = (tensors: Tensors, prefix: string): Tensors =>
  new Map(
    [...tensors].flatMap(([name, data]) =>
      name.startsWith(prefix) ? [[name.slice(prefix.length), data] as const] : [],
    ),
  );

const pictures = (tensors: Tensors): Tensor =>
  tidy(() => {
    const stored = tensors.get('pictures')!;
    return transpose(tensor(toFloat32(stored), stored.shape), [0, 2, 3, 1]);
  });

/** Masks are each framework's own: the goldens have none. */
const withoutMasks = (name: string): PoolingSpec | undefined => {
  const { pooling } = backbones.get(name).defaults ?? {};
  return pooling?.name === 'mgcrp' ? { ...pooling, rate: 0, elementRate: 0 } : pooling;
};

/** The loss of the labels 0, 1, … in training, and one step of SGD. */
async function step(net: LayersModel, x: Tensor, classes: number): Promise<number> {
  const labels = Array.from({ length: x.shape[0]! }, (_, i) => i % classes);
  const optimizer = train.sgd(0.1);
  const loss = optimizer.minimize(
    () => {
      const logits = net.apply(x, { training: true }) as Tensor2D;
      return losses.softmaxCrossEntropy(oneHot(tensor(labels, undefined, 'int32'), classes), logits) as Scalar;
    },
    true,
    net.trainableWeights.map((weight) => weight.read() as never),
  )!;
  optimizer.dispose();
  const [value] = await loss.data();
  loss.dispose();
  return value!;
}

describeEngines('backbones beside PyTorch', (engine) => {
  describe.each(names)('%s', (name) => {
    let tensors: Tensors;
    let classes: number;
    let net: LayersModel;
    beforeAll(async () => {
      tensors = await golden(name);
      classes = tensors.get('logits')!.shape[1]!;
      net = createModel(name, { classes, pooling: withoutMasks(name) });
      importState(net, part(tensors, 'state.'));
    });
    afterAll(() => net.dispose());

    it('gives the same logits', async () => {
      const logits = net.predict(pictures(tensors)) as Tensor;
      await expectClose(logits, toFloat32(tensors.get('logits')!), { relative: 1e-4 });
    });

    // The cpu engine needs minutes for a step.
    it.runIf(engine !== 'cpu')(
      'has the same loss, running statistics and weights after a step of training',
      async () => {
        for (const layer of net.layers)
          if (layer instanceof Dropout || layer instanceof DropPath) Object.assign(layer, { rate: 0 });
        const loss = await step(net, pictures(tensors), classes);
        await expectClose([loss], toFloat32(tensors.get('loss')!), { relative: 1e-3 });
        const state = await exportState(net);
        const after = part(tensors, 'after.');
        expect(after.size).toBeGreaterThanOrEqual(2);
        for (const [weight, expected] of after) {
          await expectClose(toFloat32(state.get(weight)!), toFloat32(expected), { relative: 1e-3 });
        }
      },
    );
  });
});
