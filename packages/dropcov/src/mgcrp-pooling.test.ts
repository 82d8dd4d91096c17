import { modelState, NamedLayer, normalizations, pooling, registerLayer, withTrainingScope } from '@covpool/core';
import { crossCovariance } from '@covpool/covariance';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  seededTensor,
} from '@covpool/testing';
import { matMul, mul, reshape, type Scalar, slice, sum, type Tensor, variableGrads } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { mgcrpPooling } from './layers.ts';

const tokens = () => seededTensor([2, 9, 8], 'tokens');
const small = { heads: 2, headDim: 4, name: 'pool' };
const inStep = (step: number, run: () => Tensor) =>
  withTrainingScope({ seed: 1, step, shard: 0, updates: [] }, run).data();

/** A normalisation for these tests: twice what it was. */
class Twice extends NamedLayer {
  static className = 'covpool/dropcov/test/Twice';
  override call(inputs: Tensor | Tensor[]): Tensor {
    return mul(Array.isArray(inputs) ? inputs[0]! : inputs, 2);
  }
}
registerLayer(Twice);
normalizations.register('twice', {
  create: (config) => new Twice(config),
  options: [],
  summary: '',
  paper: '',
  layer: 'Twice',
  gradient: 'automatic',
  engines: 'all',
  squareRoot: false,
});

describeEngines('mgcrpPooling', () => {
  describe('values', () => {
    it.each([
      ['Deit_drop_Tiny', 240, 6, 14, 1176],
      ['Deit_drop_Small', 384, 6, 24, 3456],
      ['Deit_drop_Base', 768, 12, 24, 6912],
      ['T2T_ViT_14', 384, 6, 24, 3456],
    ])('of %s, %i channels and %i heads of %i, are %i (spec 6.5)', (_, channels, heads, headDim, length) => {
      const layer = pooling('mgcrp', { heads, headDim });
      expect(layer.computeOutputShape([null, 196, channels])).toEqual([null, length]);
      expect((layer.apply(seededTensor([1, 3, channels], 'tokens')) as Tensor).shape).toEqual([1, length]);
    });

    it.each([
      ['paper', 'channel'],
      ['reference', 'scalar'],
    ] as const)(
      'outside of training are cross-covariances, in the preset %s centring by %s (spec 6.5)',
      async (...args) => {
        const [preset, centering] = args;
        const layer = mgcrpPooling({ ...small, heads: 1, preset });
        const result = layer.apply(tokens()) as Tensor;
        const weight = modelState(layer)[0]!.variable.read();
        const both = reshape(matMul(reshape(tokens(), [18, 8]), weight as never), [2, 9, -1]);
        const [q, k] = [0, 4].map((from) => slice(both, [0, 0, from], [2, 9, 4]));
        await expectClose(result, await crossCovariance(q!, k!, { centering }).data());
      },
    );

    it('take maps as tokens', async () => {
      const layer = mgcrpPooling(small);
      const expected = await (layer.apply(tokens()) as Tensor).data();
      await expectClose(layer.apply(reshape(tokens(), [2, 3, 3, 8])) as Tensor, expected, { relative: 0 });
    });

    it('pass through a normalisation of the registry', async () => {
      const plain = await (mgcrpPooling(small).apply(tokens()) as Tensor).data();
      const layer = mgcrpPooling({ ...small, normalization: { name: 'twice' } });
      await expectClose(
        layer.apply(tokens()) as Tensor,
        Array.from(plain, (value) => 2 * value),
      );
    });

    it.each([
      ['paper', ['pool.wr.weight', 'pool.eca_layer.conv.weight'], [16, 8]],
      ['reference', ['pool.wr.weight'], [24, 8]],
    ] as const)(
      'of the weights in the preset %s are named %o; PyTorch shapes the first as %o (spec 6.5)',
      (...args) => {
        const [preset, names, shape] = args;
        const layer = mgcrpPooling({ ...small, preset });
        layer.build([null, null, 8]);
        const state = modelState(layer);
        expect(state.map(({ name }) => name)).toEqual(names);
        expect(state[0]!.toTorch!.map((axis) => state[0]!.variable.shape[axis])).toEqual(shape);
      },
    );
  });

  describe('properties', () => {
    it('of the presets are the paper and the discrepancies of the released code (spec 6.5)', () => {
      const config = (preset: 'paper' | 'reference') => mgcrpPooling({ preset }).getConfig();
      expect(config('paper')).toMatchObject({
        centering: 'channel',
        dropAxis: 'channel',
        rate: 'adaptive',
        elementRate: 0.5,
      });
      expect(config('reference')).toMatchObject({
        centering: 'scalar',
        dropAxis: 'token',
        rate: 0.2,
        elementRate: 0.5,
        unusedBlock: true,
      });
      expect(mgcrpPooling({}).getConfig()).toMatchObject({ rate: 'adaptive', heads: 6, headDim: 24 });
      expect(mgcrpPooling({ preset: 'reference', rate: 0.1 }).getConfig()).toMatchObject({ rate: 0.1 });
    });

    it('masks depend on the step', async () => {
      for (const preset of ['paper', 'reference'] as const) {
        const layer = mgcrpPooling({ ...small, preset });
        const draw = async (step: number) => [
          ...(await inStep(step, () => layer.apply(tokens(), { training: true }) as Tensor)),
        ];
        expect(await draw(0)).toEqual(await draw(0));
        expect(await draw(0)).not.toEqual(await draw(1));
      }
    });

    it.each([
      ['paper', {}],
      ['reference', {}],
      ['paper', { normalization: { name: 'twice' }, dim: 6, maxRate: 0.5, scale: 4 }],
    ] as const)('train, save and reload: %s %o', (preset, options) =>
      expectTrainsAndReloads(() => [pooling('mgcrp', { ...small, preset, ...options, inputShape: [9, 8] })], [9, 8]),
    );
  });

  describe('gradient', () => {
    it('reaches the map, and the kernel of the attention, in training', async () => {
      const layer = mgcrpPooling({ ...small, maxRate: 0.5 });
      const run = () => sum(layer.apply(tokens(), { training: true }) as Tensor) as Scalar;
      run();
      const { grads } = variableGrads(run);
      const gradients = Object.values(grads);
      expect(gradients.map(({ shape }) => shape)).toEqual([
        [8, 16],
        [3, 1, 1],
      ]);
      for (const gradient of gradients) {
        expect(Math.max(...(await gradient.data()).map(Math.abs))).toBeGreaterThan(0);
      }
    });
  });

  describe('rejects', () => {
    it('options that are none, by the name of the layer', async () => {
      const rejects = (options: Record<string, unknown>, message: RegExp) =>
        expectCovpoolError(() => pooling('mgcrp', { name: 'head', ...options }), 'bad-argument', message);
      await rejects({ heads: 0 }, /^head: heads and headDim must be positive whole numbers.*got 0 and 24/);
      await rejects({ headDim: 1 }, /^head: .*headDim from 2 for an adaptive rate, got 6 and 1/);
      await rejects({ rate: 1 }, /^head: rate must be at least 0 and below 1, got 1/);
      await rejects({ elementRate: -0.5 }, /^head: elementRate must be at least 0 and below 1, got -0.5/);
      await rejects({ centering: 'row' }, /^head: unknown centering 'row'; known: channel, none, scalar/);
      await rejects({ dropAxis: 'head' }, /^head: unknown dropAxis 'head'/);
      await rejects({ preset: 'code' }, /^head: unknown preset 'code'; known: paper, reference/);
      await rejects({ maxRate: 3 }, /^head: maxRate must lie between/);
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      for (const preset of ['paper', 'reference'] as const) {
        const [layer, x] = [mgcrpPooling({ ...small, preset }), tokens()];
        for (const training of [true, false]) {
          await expectNoLeak(() => (layer.apply(x, { training }) as Tensor).dispose());
        }
      }
    });
  });
});
