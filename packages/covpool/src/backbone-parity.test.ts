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
  exportState,
  importState,
  readSafetensors,
  resnet,
  type TensorData,
  toFloat32,
} from './index.ts';

// The same depths and widths as in tools/torch-goldens/make_backbone_goldens.py.
backbones.register(
  'resnet-bottleneck',
  resnet({ block: 'bottleneck', depths: [2, 1, 1, 1], widths: [8, 8, 16, 16], stem: 'imagenet', summary: '' }),
);

type Tensors = Map<string, TensorData>;

// COVPOOL_BACKBONE_GOLDENS: a folder of full-size goldens, made by the script's --full.
const folder = process.env.COVPOOL_BACKBONE_GOLDENS;
const names = folder
  ? ['resnet18', 'resnet50', 'mobilenetv2', 'shufflenetv2-x0.5', 'shufflenetv2-x1.0', 'vgg16-bn', 'alexnet']
  : ['resnet8', 'resnet-bottleneck', 'mobilenetv2-small', 'shufflenetv2-small', 'vgg-small', 'preact-resnet20'];

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

/** The loss of the labels 0, 1, … in training, and one step of SGD. Dropout's rate is 0, as in the goldens. */
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
      net = createModel(name, { classes });
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
          if (layer.getClassName() === 'covpool/core/Dropout') Object.assign(layer, { rate: 0 });
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
