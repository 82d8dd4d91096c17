import { modelState, SeededInitializer } from '@covpool/core';
import { describeEngines, expectClose, expectCovpoolError, seededTensor } from '@covpool/testing';
import '@tensorflow/tfjs-backend-cpu';
import {
  memory,
  setBackend,
  slice,
  square,
  sum,
  type Scalar,
  type Tensor,
  type Variable,
  variableGrads,
  zeros,
  zerosLike,
} from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { applicationOrder } from './application-order.ts';
import { createBackbone, createModel } from './index.ts';

const variants = ['GAP', 'GCP_D', 'GCP_M'] as const;
type Shape = (number | null)[];

/** The shapes of a trunk's outputs for one picture, without running it. */
function stageShapes(trunk: LayersModel, height: number, width: number): Shape[] {
  const shapes = new Map<string, Shape>();
  for (const { layer, from } of applicationOrder(trunk)) {
    const inputs = from.map((name) => shapes.get(name)!);
    const shape = inputs.length === 1 ? inputs[0]! : inputs;
    shapes.set(layer.name, from.length === 0 ? [1, height, width, 3] : (layer.computeOutputShape(shape) as Shape));
  }
  return trunk.outputs.map(({ sourceLayer }) => shapes.get(sourceLayer.name)!);
}

const size = (shape: Shape): number => shape.reduce<number>((product, extent) => product * extent!, 1);
const parameters = (trunk: LayersModel): number =>
  modelState(trunk)
    .filter(({ name }) => !/running_(mean|var)$/.test(name))
    .reduce((total, { variable }) => total + size(variable.shape), 0);

function copyState(from: LayersModel, to: LayersModel): void {
  const given = new Map(modelState(from).map(({ name, variable }) => [name, variable]));
  for (const { name, variable } of modelState(to)) variable.write(given.get(name)!.read());
}

describe('trunks at full size', () => {
  beforeAll(async () => {
    await setBackend('cpu');
    vi.spyOn(SeededInitializer.prototype, 'apply').mockImplementation((shape) => zeros(shape as number[]));
  });
  afterAll(() => vi.restoreAllMocks());

  it.each([
    ['resnet50', 23_508_032],
    ['resnet101', 42_500_160],
  ])('%s has %d parameters in every variant (detection spec 1)', (name, count) => {
    for (const variant of variants) {
      const { model: trunk } = createBackbone(name, { variant });
      expect(parameters(trunk)).toBe(count);
      trunk.dispose();
    }
  });

  it.each([
    ['GAP', 3],
    ['GCP_D', 3],
    ['GCP_M', 2],
    ['GCP_M', 3],
  ] as const)(
    '%s (kernel %d) has maps of 200×336 to 25×42 for 800×1344 (detection spec 11.1)',
    (variant, poolKernel) => {
      const { model: trunk, specs } = createBackbone('resnet50', { variant, poolKernel });
      expect(stageShapes(trunk, 800, 1344)).toEqual([
        [1, 200, 336, 256],
        [1, 100, 168, 512],
        [1, 50, 84, 1024],
        [1, 25, 42, 2048],
      ]);
      expect(specs).toEqual({
        c2: { channels: 256, stride: 4 },
        c3: { channels: 512, stride: 8 },
        c4: { channels: 1024, stride: 16 },
        c5: { channels: 2048, stride: 32 },
      });
      trunk.dispose();
    },
  );

  it('freezes 225,344 parameters with the stem and layer1 of ResNet-50 (detection spec 3)', () => {
    const count = (weights: LayersModel['trainableWeights']) =>
      weights.reduce((total, { shape }) => total + size(shape), 0);
    const { model: trunk } = createBackbone('resnet50', { frozenStages: 1 });
    expect(parameters(trunk) - count(trunk.trainableWeights)).toBe(225_344);
    trunk.dispose();
  });

  it('keeps the names of the classifier, whose checkpoints it takes', () => {
    const names = (net: LayersModel) => modelState(net).map(({ name }) => name);
    const { model: trunk } = createBackbone('resnet18', { variant: 'GCP_M' });
    const classifier = createModel('resnet18', { classes: 1 });
    expect(names(trunk)).toEqual(names(classifier).filter((name) => !name.startsWith('fc.')));
    trunk.dispose();
    classifier.dispose();
  });
});

describeEngines('trunks', () => {
  const name = 'resnet8-detection';
  const picture = () => seededTensor([1, 96, 96, 3], 'picture');

  it('has levels of strides 4, 8 and 16', () => {
    const { model: trunk, specs } = createBackbone(name);
    expect(specs).toEqual({
      c2: { channels: 32, stride: 4 },
      c3: { channels: 64, stride: 8 },
      c4: { channels: 128, stride: 16 },
    });
    expect((trunk.apply(picture()) as Tensor[]).map(({ shape }) => shape)).toEqual([
      [1, 24, 24, 32],
      [1, 12, 12, 64],
      [1, 6, 6, 128],
    ]);
    trunk.dispose();
  });

  it('is bit for bit GAP as GCP_D with the same weights (detection spec 11.2)', async () => {
    const [gap, d] = [createBackbone(name), createBackbone(name, { variant: 'GCP_D', seed: 1 })];
    copyState(gap.model, d.model);
    const found = d.model.apply(picture()) as Tensor[];
    for (const [i, stage] of (gap.model.apply(picture()) as Tensor[]).entries()) {
      expect(await found[i]!.data()).toEqual(await stage.data());
    }
  });

  it.each([2, 3] as const)(
    'equals GCP_D as GCP_M (kernel %d) inside of a constant map (detection spec 11.2)',
    async (poolKernel) => {
      const d = createBackbone(name, { variant: 'GCP_D' });
      const m = createBackbone(name, { variant: 'GCP_M', poolKernel });
      // The stage before the last then gives the relu of its biases wherever it looks.
      for (const entry of modelState(d.model)) {
        if (/^layer2\.0\.(bn2|downsample\.1)\.weight$/.test(entry.name))
          entry.variable.write(zerosLike(entry.variable.read()));
        if (/^layer2\.0\.bn2\.bias$/.test(entry.name)) entry.variable.write(square(seededTensor([64], 'bias')));
      }
      copyState(d.model, m.model);
      const [stageD, stageM] = [d, m].map(({ model: trunk }) => (trunk.apply(picture()) as Tensor[])[2]!);
      const inside = (stage: Tensor) => slice(stage, [0, 2, 2, 0], [1, 2, 2, 128]);
      const expected = await inside(stageD!).data();
      expect(Math.max(...expected)).toBeGreaterThan(0);
      await expectClose(inside(stageM!), expected);
      const border = await slice(stageD!, [0, 0, 0, 0], [1, 1, 6, 128]).data();
      expect(await slice(stageM!, [0, 0, 0, 0], [1, 1, 6, 128]).data()).not.toEqual(border);
    },
  );

  it('takes C4 in front of the max-pooling', async () => {
    const [d, m] = (['GCP_D', 'GCP_M'] as const).map((variant) => createBackbone(name, { variant }).model);
    const [before, after] = [d!, m!].map((trunk) => (trunk.apply(picture()) as Tensor[])[1]!);
    expect(await after!.data()).toEqual(await before!.data());
  });

  it('neither trains nor moves the statistics of what is frozen (detection spec 11.5)', async () => {
    const { model: trunk } = createBackbone(name, { frozenStages: 1 });
    const frozen = /^(conv1|bn1|layer1\.)/;
    const values = async (which: (name: string) => boolean) => {
      const entries = modelState(trunk).filter((entry) => which(entry.name));
      return Promise.all(entries.map(async ({ variable }) => [...(await variable.read().data())]));
    };
    const running = (part: RegExp, inside: boolean) => (weight: string) =>
      part.test(weight) === inside && weight.includes('running_');
    const [before, others] = [await values(running(frozen, true)), await values(running(frozen, false))];
    const variables = modelState(trunk).map(({ variable }) => variable.read() as Variable);
    const trained = trunk.trainableWeights.map((weight) => weight.read() as Variable);
    expect(trained.length).toBe(
      modelState(trunk).filter((e) => !frozen.test(e.name) && !e.name.includes('running_')).length,
    );
    const step = (list: Variable[]) =>
      variableGrads(() => sum(square((trunk.apply(picture(), { training: true }) as Tensor[])[2]!)) as Scalar, list);
    const { grads } = step(trained);
    expect(Object.keys(grads)).toHaveLength(trained.length);
    expect(variables.length).toBeGreaterThan(trained.length);
    expect(await values(running(frozen, true))).toEqual(before);
    expect(await values(running(frozen, false))).not.toEqual(others);
  });

  it('keeps all statistics with normalization running, has none with group', async () => {
    const { model: trunk } = createBackbone(name, { normalization: 'running' });
    const statistics = async () =>
      Promise.all(
        modelState(trunk)
          .filter((entry) => entry.name.includes('running_'))
          .map(async ({ variable }) => [...(await variable.read().data())]),
      );
    const before = await statistics();
    trunk.apply(picture(), { training: true });
    expect(await statistics()).toEqual(before);
    expect(trunk.trainableWeights.length).toBe(createBackbone(name).model.trainableWeights.length);
    for (const normalization of ['group', 'instance'] as const) {
      const other = createBackbone(name, { normalization }).model;
      expect(modelState(other).some((entry) => entry.name.includes('running_'))).toBe(false);
      expect(modelState(other).map((entry) => entry.name)).toContain('layer1.0.downsample.1.bias');
    }
  });

  it('refuses what it does not know, and gives its weights back', async () => {
    const before = memory().numTensors;
    await expectCovpoolError(
      () => createBackbone(name, { variant: 'GCP' as 'GAP' }),
      'bad-argument',
      /unknown variant 'GCP'; known: GAP, GCP_D, GCP_M/,
    );
    await expectCovpoolError(
      () => createBackbone('vgg-small', { variant: 'GCP_D' }),
      'bad-argument',
      /for residual networks, got vgg-small/,
    );
    await expectCovpoolError(
      () => createBackbone(name, { variant: 'GCP_M', poolKernel: 4 as 2 }),
      'bad-argument',
      /poolKernel must be 2 or 3, got 4/,
    );
    await expectCovpoolError(
      () => createBackbone(name, { normalization: 'layer' as 'group' }),
      'bad-argument',
      /unknown normalization 'layer'/,
    );
    expect(memory().numTensors).toBe(before);
    await expectCovpoolError(
      () => createBackbone(name, { frozenStages: 4 }),
      'bad-argument',
      /frozenStages must be a whole number from 0 to 3, got 4/,
    );
    const kept = memory().numTensors;
    createBackbone(name).model.dispose();
    expect(memory().numTensors).toBe(kept);
  });
});
