import { maskSeed, modelState, type NamedLayer, pooling, poolings, withTrainingScope } from '@covpool/core';
import { covariance, triuCovariance, triuVectorize } from '@covpool/covariance';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  seededTensor,
} from '@covpool/testing';
import {
  fill,
  mul,
  type Scalar,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  variable,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { dropUniformChannels } from './drop-uniform-channels.ts';
import { ecaAttention } from './eca-attention.ts';
import { hardAttention } from './hard-attention.ts';
import './layers.ts';
import { seAttention } from './se-attention.ts';

const features = () => seededTensor([3, 4, 4, 8], 'features');
const stepScope = (step: number) => ({ seed: 1, step, shard: 0, updates: [] });
const inStep = (step: number, run: () => Tensor) => withTrainingScope(stepScope(step), run).data();

/** Name, options, and how many of the 36 entries of 8 channels are kept. */
const cases: [string, Record<string, unknown>, number[]][] = [
  ['dropcov-largest', { share: 0.7 }, [25]],
  ['dropcov-uniform', { interval: 1 }, [18]],
  ['dropcov-uniform', { interval: 2 }, [12]],
  ['dropcov-rank', { interval: 1 }, [18]],
  ['dropcov-rank', { interval: 2 }, [12]],
  ['dropcov-channel', { interval: 1 }, [10]], // 4 channels
  ['dropcov-channel', { interval: 2 }, [6, 3]], // 3 or 2
  ['dropcov-hard-eca', {}, [10]],
  ['dropcov-hard-eca', { keep: 'uniform', interval: 2 }, [6]],
  ['dropcov-hard-se', { reduction: 4 }, [10]],
  ['dropcov-hard-se', { keep: 'uniform' }, [10]],
];

/** What the poolings that drop channels leave of the features, by their weights. */
const droppingChannels: [string, (x: Tensor, weights: Tensor[]) => Tensor][] = [
  ['dropcov-channel', (x) => dropUniformChannels(x, { seed: maskSeed('pool') })],
  ['dropcov-hard-eca', (x, [kernel]) => hardAttention(x, ecaAttention(x, kernel as Tensor3D))],
  [
    'dropcov-hard-se',
    (x, [squeeze, excite]) => hardAttention(x, seAttention(x, squeeze as Tensor2D, excite as Tensor2D)),
  ],
];

describeEngines('poolings of the ablation', () => {
  describe('values', () => {
    it.each(cases)(
      'outside of training, %s %o is plain covariance pooling, bit for bit (spec 6.4)',
      async (...args) => {
        const expected = await triuVectorize(covariance(features())).data();
        await expectClose(pooling(args[0], { ...args[1], name: 'pool' }).apply(features()) as Tensor, expected, {
          relative: 0,
        });
      },
    );

    it.each(cases)(
      'in training, %s %o keeps so many entries of each image: %o (spec 6.4)',
      async (name, options, kept) => {
        const layer = pooling(name, { ...options, name: 'pool' });
        const values = await inStep(0, () => layer.apply(features(), { training: true }) as Tensor);
        for (let image = 0; image < 3; image++) {
          const entries = [...values.slice(36 * image, 36 * (image + 1))];
          expect(kept).toContain(entries.filter((value) => value !== 0).length);
        }
      },
    );

    it.each(['dropcov-largest', 'dropcov-uniform', 'dropcov-rank', 'dropcov-channel'])(
      'what %s keeps is not scaled (spec 6.4)',
      async (name) => {
        const plain = await triuVectorize(covariance(features())).data();
        const layer = pooling(name, { name: 'pool' });
        const values = await inStep(0, () => layer.apply(features(), { training: true }) as Tensor);
        await expectClose(
          values,
          Array.from(plain, (value, i) => (values[i] === 0 ? 0 : value)),
        );
      },
    );
  });

  describe('properties', () => {
    it.each(['dropcov-uniform', 'dropcov-channel'])('%s begins at a place that the step decides', async (name) => {
      const layer = pooling(name, { name: 'pool' });
      const seen = new Set<string>();
      for (let step = 0; step < 12; step++) {
        const run = () => inStep(step, () => layer.apply(features(), { training: true }) as Tensor);
        const kept = Array.from(await run(), (value) => (value === 0 ? '0' : '1')).join('');
        expect(Array.from(await run(), (value) => (value === 0 ? '0' : '1')).join('')).toBe(kept);
        seen.add(kept);
      }
      expect(seen.size).toBe(2);
    });

    it.each(poolings.names('dropcov*'))('%s trains, saves and reloads', (name) =>
      expectTrainsAndReloads(() => [pooling(name, { dim: 6, name: 'pool', inputShape: [3, 3, 8] })], [3, 3, 8]),
    );

    it.each(cases)('%s keeps its options %o when it is saved', (name, options) => {
      expect(pooling(name, options).getConfig()).toMatchObject(options);
    });

    it.each(poolings.names('dropcov*'))('%s is finite for constant features', async (name) => {
      const layer = pooling(name, { name: 'pool' });
      const values = await inStep(0, () => layer.apply(fill([2, 3, 3, 4], 2), { training: true }) as Tensor);
      // The mean of equal values below 4 errs by a few 2⁻²², whose square this is.
      await expectClose(values, new Array<number>(20).fill(0), { absolute: 1e-12 });
    });
  });

  describe('gradient', () => {
    it.each(droppingChannels)('of %s is that of the covariance of what its function keeps', async (name, kept) => {
      const layer = pooling(name, { name: 'pool' }) as NamedLayer;
      const [x, loss] = [variable(seededTensor([2, 3, 3, 16], 'x')), seededTensor([2, 136], 'loss')];
      layer.build(x.shape);
      const weights = modelState(layer).map((entry) => entry.variable.read() as Variable);
      const naive = () => triuCovariance(kept(x, weights));
      const own = () => layer.apply(x, { training: true }) as Tensor;
      await expectClose(await inStep(0, own), await inStep(0, naive));
      const gradients = (pool: () => Tensor) =>
        variableGrads(() => withTrainingScope(stepScope(0), () => sum(mul(pool(), loss)) as Scalar), [x, ...weights])
          .grads;
      const found = gradients(own);
      for (const [weight, gradient] of Object.entries(gradients(naive))) {
        await expectClose(found[weight]!, await gradient.data());
      }
      x.dispose();
    });

    it.each([
      ['dropcov-hard-eca', ['pool.eca_layer.conv.weight'], [[1, 1, 3]]],
      [
        'dropcov-hard-se',
        ['pool.se_layer.fc.0.weight', 'pool.se_layer.fc.2.weight'],
        [
          [1, 16],
          [16, 1],
        ],
      ],
    ])('of %s reaches the weights %o in training, which PyTorch shapes as %o', async (name, names, shapes) => {
      const layer = pooling(name, { name: 'pool' });
      const x = seededTensor([2, 3, 3, 16], 'x');
      const run = () => sum(layer.apply(x, { training: true }) as Tensor) as Scalar;
      run();
      const state = modelState(layer as NamedLayer);
      expect(state.map((entry) => entry.name)).toEqual(names);
      expect(state.map(({ variable, toTorch }) => toTorch!.map((axis) => variable.shape[axis]))).toEqual(shapes);
      const { grads } = variableGrads(run);
      expect(Object.keys(grads)).toHaveLength(names.length);
      for (const gradient of Object.values(grads)) {
        expect(Math.max(...(await gradient.data()).map(Math.abs))).toBeGreaterThan(0);
      }
    });
  });

  describe('rejects', () => {
    it('options that are none, by the name of the layer', async () => {
      const rejects = (name: string, options: Record<string, unknown>, message: RegExp) =>
        expectCovpoolError(() => pooling(name, { name: 'head', ...options }), 'bad-argument', message);
      await rejects('dropcov-largest', { share: 0 }, /^head: share must be .* got 0/);
      await rejects('dropcov-hard-se', { reduction: 0 }, /^head: reduction must be .* got 0/);
      await rejects('dropcov-hard-eca', { keep: 'all' }, /^head: unknown keep 'all'/);
      for (const name of ['dropcov-uniform', 'dropcov-rank', 'dropcov-channel', 'dropcov-hard-eca']) {
        await rejects(name, { interval: 0 }, /^head: interval must be .* got 0/);
      }
    });
  });

  describe('memory', () => {
    it.each(cases)('%s %o keeps nothing but what it returns', async (name, options) => {
      const [layer, x] = [pooling(name, { ...options, name: 'pool' }), features()];
      await expectNoLeak(() => (layer.apply(x, { training: true }) as Tensor).dispose());
    });
  });
});
