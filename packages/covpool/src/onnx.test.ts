import { CovpoolError, Random } from '@covpool/base';
import { exportOnnx } from '@covpool/checkpoints';
import { describeEngines, expectClose, expectNoLeak } from '@covpool/testing';
import { type Tensor, tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import { input, layers, type LayersModel, model } from '@tensorflow/tfjs-layers';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Conv2d, createBackbone, createModel, listModels, modelState, SeededInitializer } from './index.ts';
import { readOnnx, runOnnx } from './onnx-interpreter.fixture.ts';

type Spec = Parameters<typeof createModel>[1];

/** Every family, every pooling that ONNX can express, both sides of iSQRT-COV, and sizes that are open. */
const cases: [string, string, Spec, number | undefined][] = [
  ['resnet8, average', 'resnet8', {}, undefined],
  ['mobilenetv2-small, average', 'mobilenetv2-small', { pooling: 'gap' }, undefined],
  ['shufflenetv2-small, average', 'shufflenetv2-small', {}, 32],
  ['vgg-small, its grid', 'vgg-small', {}, 24],
  ['vgg-small, a grid of single cells', 'vgg-small', {}, 16],
  ['preact-resnet20, average', 'preact-resnet20', {}, undefined],
  ['resnet8, isqrt by covariance', 'resnet8', { pooling: { name: 'isqrt', dim: 8 } }, undefined],
  ['resnet8, isqrt by positions', 'resnet8', { pooling: { name: 'isqrt', dim: 24 } }, 32],
  [
    'mobilenetv2-small, isqrt, one step',
    'mobilenetv2-small',
    { pooling: { name: 'isqrt', dim: 12, iterations: 1 } },
    32,
  ],
  [
    'shufflenetv2-small, isqrt by norm',
    'shufflenetv2-small',
    { pooling: { name: 'isqrt', dim: 12, norm: 'frobenius' } },
    32,
  ],
  [
    'vgg-small, isqrt of two groups, uncentred',
    'vgg-small',
    { pooling: { name: 'isqrt', dim: 16, groups: 2, centering: false, iterations: 2 } },
    undefined,
  ],
  [
    'preact-resnet20, isqrt by columns',
    'preact-resnet20',
    { pooling: { name: 'isqrt', dim: 8, order: 'columns' } },
    16,
  ],
  ['resnet8, gaussian', 'resnet8', { pooling: { name: 'gaussian', dim: 8, beta: 0.3 } }, undefined],
  ['resnet8, cov after two reductions', 'resnet8', { pooling: { name: 'cov', reduce: [16, 8] } }, undefined],
  ['alexnet-small, its grid', 'alexnet-small', {}, 64],
  ['alexnet-small, isqrt', 'alexnet-small', { pooling: 'isqrt' }, 64],
  ['resnet8, bcnn', 'resnet8', { pooling: { name: 'bcnn', dim: 8 } }, undefined],
  ['resnet8, dropcov', 'resnet8', { pooling: { name: 'dropcov', dim: 8 } }, undefined],
  ['resnet8, attention', 'resnet8', { attention: { name: 'gsop-channel', dim: 8, stages: [2, 3] } }, undefined],
];

/** The network with weights of its own everywhere, in its running averages too. */
function network(name: string, spec: Spec): LayersModel {
  const net = createModel(name, { classes: 5, seed: 3, ...spec });
  const random = new Random(5, name);
  for (const { name: weight, variable } of modelState(net)) {
    const [low, high] = weight.endsWith('running_var') ? [0.6, 1.5] : [-0.3, 0.3];
    if (!/(bias|running_mean|running_var)$/.test(weight)) continue;
    const values = Float32Array.from({ length: variable.read().size }, () => random.uniform(low, high));
    tidy(() => void variable.write(tensor(values, variable.shape as number[])));
  }
  return net;
}

/** Uniform weights of deviation 1/√fan-in, with which no sum of 54 branches overflows; by a generator that is quicker than ours. */
function cheapWeights(shape: number[]): Tensor {
  const fanIn = shape.slice(0, -1).reduce((product, extent) => product * extent, 1);
  const most = Math.sqrt(3 / fanIn);
  let state = fanIn | 1;
  const values = Float32Array.from({ length: shape.reduce((product, extent) => product * extent, 1) }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (most * state) / 2 ** 31;
  });
  return tensor(values, shape);
}

function pictures(side: number): Tensor {
  const random = new Random(7, 'pictures');
  const values = Float32Array.from({ length: 2 * side * side * 3 }, () => random.uniform(-2, 2));
  return tensor(values, [2, side, side, 3]);
}

/** The largest difference, over the largest value. */
function difference(found: ArrayLike<number>, expected: Float32Array): number {
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return Array.from(found).reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0) / scale;
}

/** onnxruntime-node, as `test:onnx` installs it. */
interface Session {
  run(feeds: Record<string, unknown>): Promise<{ logits: { data: Float32Array; dims: number[] } }>;
  release(): Promise<void>;
}
interface Runtime {
  InferenceSession: { create(bytes: Uint8Array, options: object): Promise<Session> };
  Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => unknown;
}
const folder = process.env.COVPOOL_ONNXRUNTIME;
const runtime = folder ? (createRequire(join(folder, 'index.js'))('onnxruntime-node') as Runtime) : undefined;
const why = runtime ? '' : ' (skipped: COVPOOL_ONNXRUNTIME names no folder with onnxruntime-node; see test:onnx)';

describeEngines('exportOnnx', () => {
  describe('values', () => {
    it.each(cases)('%s: the nodes compute the logits of the network', async (_, name, spec, inputSize) => {
      const net = network(name, spec);
      const file = readOnnx(await exportOnnx(net, inputSize === undefined ? {} : { inputSize }));
      const x = pictures(inputSize ?? 24);
      const expected = net.predict(x) as Tensor;
      const [found] = tidy(() => runOnnx(file, { pictures: transpose(x, [0, 3, 1, 2]) })) as [Tensor];
      expect(found.shape).toEqual([2, 5]);
      // Standard tolerance of issue 6; the two sides of iSQRT-COV and divisions by square roots round differently.
      expect(difference(await found.data(), await expected.data<'float32'>())).toBeLessThan(1e-4);
      net.dispose();
    });

    it('adds as many maps as TensorFlow.js’s own layer does', async () => {
      const x = input({ shape: [8, 8, 3] });
      const branch = (name: string) => new Conv2d({ name, filters: 4, kernelSize: 3 }).apply(x) as typeof x;
      const sum = layers.add().apply(['a', 'b', 'c'].map(branch)) as typeof x;
      const net = model({ inputs: x, outputs: sum });
      const file = readOnnx(await exportOnnx(net));
      expect(file.nodes.filter(({ operator }) => operator === 'Add')).toHaveLength(2);
      const given = pictures(8);
      const expected = transpose(net.predict(given) as Tensor, [0, 3, 1, 2]);
      const turned = transpose(given, [0, 3, 1, 2]);
      const [found] = tidy(() => runOnnx(file, { [net.inputNames[0]!]: turned })) as [Tensor];
      expect(found.shape).toEqual([2, 4, 6, 6]);
      await expectClose(found, await expected.data());
      net.dispose();
    });

    it('has the names, shapes and version that a runtime needs', async () => {
      const net = network('resnet8', { pooling: { name: 'isqrt', dim: 8 } });
      const open = readOnnx(await exportOnnx(net, { metadata: { classes: '["a","ö"]' } }));
      expect(open.opset).toBe(17);
      expect(open.metadata).toEqual({ classes: '["a","ö"]' });
      expect(open.inputs).toEqual({ pictures: ['batch', 3, 'height', 'width'] });
      expect(open.outputs).toEqual({ logits: ['batch', 5] });
      expect(open.constants.get('conv1.weight')!.shape).toEqual([16, 3, 3, 3]);
      expect(open.constants.get('pool.reduce.0.0.weight')!.shape).toEqual([8, 64, 1, 1]);
      expect(open.constants.get('fc.weight')!.shape).toEqual([5, 36]);
      const fixed = readOnnx(await exportOnnx(net, { inputSize: [32, 48] }));
      expect(fixed.inputs).toEqual({ pictures: ['batch', 3, 32, 48] });
      net.dispose();
    });

    it('gives the stages of a trunk, channels first', async () => {
      const { model: trunk } = createBackbone('resnet8');
      const file = readOnnx(await exportOnnx(trunk, { inputSize: 32 }));
      expect(Object.values(file.outputs)).toEqual([
        ['batch', 16, 16, 16],
        ['batch', 32, 8, 8],
        ['batch', 64, 4, 4],
      ]);
      const x = pictures(32);
      const found = tidy(() => runOnnx(file, { pictures: transpose(x, [0, 3, 1, 2]) }));
      for (const [i, expected] of (trunk.predict(x) as Tensor[]).entries()) {
        const turned = transpose(expected, [0, 3, 1, 2]);
        expect(found[i]!.shape).toEqual(turned.shape);
        expect(difference(await found[i]!.data(), await turned.data<'float32'>())).toBeLessThan(1e-4);
      }
      trunk.dispose();
    });
  });

  describe(`onnxruntime${why}`, () => {
    it.skipIf(!runtime).each(cases)('%s: has the same logits to 1e-4', async (_, name, spec, inputSize) => {
      const net = network(name, spec);
      const bytes = await exportOnnx(net, inputSize === undefined ? {} : { inputSize });
      const { InferenceSession, Tensor: RuntimeTensor } = runtime!;
      const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
      const x = pictures(inputSize ?? 24);
      const turned = transpose(x, [0, 3, 1, 2]);
      const values = await turned.data<'float32'>();
      const { logits } = await session.run({ pictures: new RuntimeTensor('float32', values, turned.shape) });
      expect(logits.dims).toEqual([2, 5]);
      const expected = await (net.predict(x) as Tensor).data<'float32'>();
      expect(difference(logits.data, expected)).toBeLessThan(1e-4);
      net.dispose();
    });
  });

  // The published networks with random weights, 2 GB of memory and minutes: `test:onnx` asks for them by COVPOOL_ONNX_FULL.
  describe.skipIf(!runtime || !process.env.COVPOOL_ONNX_FULL)(`onnxruntime, at full width${why}`, () => {
    const published = /^(resnet\d+|mobilenetv2|shufflenetv2-x.*|vgg16|vgg16-bn|alexnet|preact-resnet164|gsop-.*)$/;
    const networks = listModels().filter((name) => published.test(name) && name !== 'resnet8');
    const wanted = process.env.COVPOOL_ONNX_FULL?.split(',').filter((name) => networks.includes(name)) ?? [];
    beforeAll(() => {
      vi.spyOn(SeededInitializer.prototype, 'apply').mockImplementation((shape) => cheapWeights(shape as number[]));
    });
    afterAll(() => vi.restoreAllMocks());

    describe.each(wanted.length > 0 ? wanted : networks)('%s', (name) => {
      it.each([undefined, 'gap', 'isqrt'])(
        'with the pooling %s has the same logits to 1e-4',
        async (pooling) => {
          const net = network(name, { pooling });
          const side = pooling === undefined && /vgg|alexnet/.test(name) ? 224 : 96;
          const bytes = await exportOnnx(net, { inputSize: side });
          const { InferenceSession, Tensor: RuntimeTensor } = runtime!;
          const session = await InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
          const x = pictures(side);
          const turned = transpose(x, [0, 3, 1, 2]);
          const values = await turned.data<'float32'>();
          const { logits } = await session.run({ pictures: new RuntimeTensor('float32', values, turned.shape) });
          await session.release();
          const expected = await (net.predict(x) as Tensor).data<'float32'>();
          expect(expected.every(Number.isFinite)).toBe(true);
          expect(difference(logits.data, expected)).toBeLessThan(1e-4);
          net.dispose();
        },
        600_000,
      );
    });
  });

  describe('rejects', () => {
    it('what ONNX cannot express, by name', async () => {
      const refuses = async (net: LayersModel, message: RegExp) => {
        await expect(exportOnnx(net)).rejects.toThrow(CovpoolError);
        await expect(exportOnnx(net)).rejects.toThrow(message);
        net.dispose();
      };
      const pool = (name: string) => createModel('resnet8', { pooling: { name, dim: 8 } });
      await refuses(pool('mpn'), /^exportOnnx: .*got 'pool' \(covpool\/matrix-power\/MatrixPowerPooling\); .*isqrt/);
      await refuses(pool('scalepow'), /got 'pool' \(covpool\/matrix-power\/ScalePowPooling\)/);
      await refuses(pool('cbp'), /got 'pool' \(covpool\/covariance\/CompactBilinearPooling\)/);
      await refuses(createModel('vgg-small'), /'avgpool' needs pictures of a known size; give inputSize/);
      const pictures = input({ shape: [4] });
      const stock = layers.gaussianNoise({ stddev: 1, name: 'noise' }).apply(pictures) as typeof pictures;
      await refuses(model({ inputs: pictures, outputs: stock }), /got 'noise' \(GaussianNoise\)/);
    });

    it('sizes that are not whole numbers of pixels', async () => {
      const net = createModel('resnet8');
      await expect(exportOnnx(net, { inputSize: 1.5 })).rejects.toThrow(/inputSize must be whole numbers/);
      net.dispose();
    });
  });

  describe('memory', () => {
    it('keeps no tensor', async () => {
      const net = createModel('resnet8', { pooling: { name: 'isqrt', dim: 8 } });
      await expectNoLeak(async () => void (await exportOnnx(net, { inputSize: 32 })));
      net.dispose();
    });
  });
});
