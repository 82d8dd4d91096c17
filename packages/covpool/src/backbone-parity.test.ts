import { readdir, readFile } from 'node:fs/promises';
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
  toAuthorNames,
  toFloat32,
  visionTransformer,
} from './index.ts';

// The same depths and widths as in tools/torch-goldens/make_backbone_goldens.py, whose goldens are all compared.
for (const [name, depths, widths] of [
  ['resnet-bottleneck', [2, 1, 1, 1], [8, 8, 16, 16]],
  ['resnet-growing', [1, 1, 1, 2], [4, 6, 8, 12]],
] as const) {
  const plan = { block: 'bottleneck', stem: 'imagenet', summary: '' } as const;
  backbones.register(name, resnet({ ...plan, depths: [...depths], widths: [...widths] }));
}

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

// COVPOOL_BACKBONE_GOLDENS: a folder of full-size goldens; `pnpm test:parity` makes them one by one.
const atFullSize = process.env.COVPOOL_BACKBONE_GOLDENS;
const folder = atFullSize ?? new URL('goldens/backbones', import.meta.url);
const ENDING = '.safetensors';
const names = (await readdir(folder))
  .filter((name) => name.endsWith(ENDING))
  .map((name) => name.slice(0, -ENDING.length));

if (atFullSize) vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const golden = async (name: string): Promise<Tensors> =>
  readSafetensors(
    await readFile(
      atFullSize ? `${atFullSize}/${name}${ENDING}` : new URL(`goldens/backbones/${name}${ENDING}`, import.meta.url),
    ),
  ).tensors;

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

/** The network of a golden; `NAME+POOLING` has another head. Masks are each framework's own: the goldens have none. */
function network(name: string, tensors: Tensors): LayersModel {
  const [backbone = '', head] = name.split('+');
  const classes = tensors.get('logits')!.shape[1]!;
  const dim = tensors.get('state.layer_reduce_bn.bias') ?? tensors.get('state.dimension_reduction.1.bias');
  let pooling: PoolingSpec | undefined = backbones.get(backbone).defaults?.pooling;
  if (head !== undefined) pooling = { name: head, dim: dim!.shape[0] };
  if (pooling?.name === 'mgcrp') pooling = { ...pooling, rate: 0, elementRate: 0 };
  return createModel(backbone, { classes, pooling });
}

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
      net = network(name, tensors);
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
        const own = await exportState(net);
        const state = name.includes('+') ? toAuthorNames(own) : own;
        const after = part(tensors, 'after.');
        expect(after.size).toBeGreaterThanOrEqual(2);
        for (const [weight, expected] of after) {
          await expectClose(toFloat32(state.get(weight)!), toFloat32(expected), { relative: 1e-3 });
        }
      },
    );
  });
});
