import { pooling, poolings, withSeed } from '@covpool/core';
import {
  describeEngines,
  expectClose,
  expectNoLeak,
  expectTrainsAndReloads,
  seededTensor,
  seededValues,
} from '@covpool/testing';
import { gather, grad, mul, ones, sum, type Tensor, tensor, tensor1d, tidy, zeros } from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { createModel, triuPermutation } from './index.ts';

/**
 * What every pooling of the registry must hold (specification, section 10): a new one is tested by being registered.
 */
const HEIGHT = 3;
const CHANNELS = 6;

const make = (name: string) => withSeed(3, () => pooling(name, { name: 'pool' }));

/** Positive features, as behind a ReLU, so that nothing hangs on a kink of |x|. */
const features = (width: number, ...key: string[]): number[] =>
  seededValues(2 * HEIGHT * width * CHANNELS, 'features', width, ...key).map((value) => Math.abs(value) + 0.2);

/**
 * Differences in float32 see nothing where the slope of a signed square root, up to 5e3 at zero, changes within the step: with
 * these, some of hundreds of products of either sign always stand there. Their own suites differentiate in float64.
 */
const kinked = ['lrbp'];

const differentiable = poolings
  .names()
  .filter((name) => poolings.get(name).gradient !== 'approximate' && !kinked.includes(name));

describeEngines('every pooling', () => {
  describe.each(poolings.names())('%s', (name) => {
    describe('values', () => {
      it.each([2, 4])('has the length that it declares, with %i·3 positions', (width) => {
        const layer = make(name);
        const shape = [2, HEIGHT, width, CHANNELS];
        const y = layer.apply(tensor(features(width), shape)) as Tensor;
        expect(y.shape).toEqual(layer.computeOutputShape(shape));
        expect(y.rank).toBe(2);
      });

      it('is finite, and so is its gradient, whatever is degenerate', async () => {
        const layer = make(name);
        const row = tensor1d(seededValues(CHANNELS, 'row'));
        const degenerate = {
          zero: zeros([2, HEIGHT, 4, CHANNELS]),
          constant: mul(ones([2, HEIGHT, 4, CHANNELS]), row),
          'rank one': mul(seededTensor([2, HEIGHT, 4, 1], 'rank one'), row),
          'repeated eigenvalues': tensor(repeated(), [1, 4, 3, CHANNELS]),
          'one position': seededTensor([2, 1, 1, CHANNELS], 'one'),
        };
        for (const [kind, x] of Object.entries(degenerate)) {
          const [y, dx] = tidy(() => [layer.apply(x) as Tensor, grad((t: Tensor) => sum(layer.apply(t) as Tensor))(x)]);
          expect([kind, (await y!.data()).every(Number.isFinite)]).toEqual([kind, true]);
          expect([kind, (await dx!.data()).every(Number.isFinite)]).toEqual([kind, true]);
        }
      });
    });

    describe('properties', () => {
      it('forgets the order of positions', async () => {
        const layer = make(name);
        const x = tensor(features(4), [2, HEIGHT * 4, CHANNELS]);
        const order = tensor1d([7, 2, 11, 0, 5, 9, 1, 10, 3, 8, 6, 4], 'int32');
        await expectClose(layer.apply(gather(x, order, 1)) as Tensor, await (layer.apply(x) as Tensor).data(), {
          relative: 2e-4, // null directions of float32 matrices are rounded at random
        });
      });

      it('trains, saves and reloads', () =>
        expectTrainsAndReloads(
          () => [pooling(name, { dim: 4, name: 'pool', inputShape: [HEIGHT, 4, CHANNELS] })],
          [HEIGHT, 4, CHANNELS],
        ));

      it('fits a backbone by name', async () => {
        const net: LayersModel = createModel('resnet8', { pooling: { name, dim: 4 }, classes: 3 });
        const y = net.predict(seededTensor([2, 32, 32, 3], 'pictures')) as Tensor;
        expect(y.shape).toEqual([2, 3]);
        expect((await y.data()).every(Number.isFinite)).toBe(true);
        net.dispose();
      });
    });

    describe('memory', () => {
      it('keeps nothing but what it returns', async () => {
        const layer = make(name);
        const x = tensor(features(2), [2, HEIGHT, 2, CHANNELS]);
        await expectNoLeak(() => (layer.apply(x) as Tensor).dispose());
        await expectNoLeak(() => grad((t: Tensor) => sum(layer.apply(t) as Tensor))(x).dispose());
      });
    });
  });
  describe.each(poolings.names().filter((name) => poolings.get(name).options.includes('order')))('%s', (name) => {
    describe('values', () => {
      it('packs its triangle column by column if told so', async () => {
        const x = tensor(features(4), [2, HEIGHT, 4, CHANNELS]);
        const [rows, columns] = ['rows', 'columns'].map(
          (order) => withSeed(3, () => pooling(name, { name: 'pool', order })).apply(x) as Tensor,
        );
        const side = (Math.sqrt(8 * rows!.shape[1]! + 1) - 1) / 2;
        const places = triuPermutation(side, { from: 'rows', to: 'columns' });
        await expectClose(columns!, await gather(rows!, tensor1d(places, 'int32'), 1).data(), { relative: 0 });
      });
    });
  });

  describe.each(differentiable)('%s', (name) => {
    describe('gradient', () => {
      it.each([2, 4])('is the derivative, as it says, with %i·3 positions', async (width) => {
        const layer = make(name);
        const shape = [2, HEIGHT, width, CHANNELS];
        const x = features(width);
        const length = layer.computeOutputShape(shape)[1] as number;
        const w = tensor(seededValues(2 * length, 'w'), [2, length]);
        const loss = (t: Tensor): Tensor => sum(mul(layer.apply(t) as Tensor, w));
        const found = [...(await grad(loss)(tensor(x, shape)).data())];
        // Central differences of a float32 function along a few directions at once, with the error that those have.
        for (const k of [0, 1, 2]) {
          const direction = seededValues(x.length, 'direction', k);
          const along = numericDerivative(x, direction, shape, loss);
          const expected = found.reduce((total, value, i) => total + value * direction[i]!, 0);
          const size = Math.hypot(...found) * Math.hypot(...direction);
          // The loss is of the size of 1 and rounded to 1e-6; where nothing depends on x, the gradient is zero.
          expect(Math.abs((await along) - expected)).toBeLessThan(2e-3 * Math.max(size, 1));
        }
      });
    });
  });
});

/** Twelve rows whose covariance is a multiple of the identity: ± the unit vectors. */
function repeated(): number[] {
  return Array.from({ length: 2 * CHANNELS }, (_, m) =>
    Array.from({ length: CHANNELS }, (_, j) => (j === m % CHANNELS ? (m < CHANNELS ? 1 : -1) : 0)),
  ).flat();
}

/** The derivative of a float32 loss along a direction. */
async function numericDerivative(
  x: number[],
  direction: number[],
  shape: number[],
  loss: (t: Tensor) => Tensor,
): Promise<number> {
  const step = 2e-3;
  const at = async (factor: number): Promise<number> => {
    const y = tidy(() =>
      loss(
        tensor(
          x.map((value, i) => value + factor * direction[i]!),
          shape,
        ),
      ),
    );
    return (await y.data())[0]!;
  };
  // Four points: the error is of the fourth order in the step, which may so be large against the rounding of the loss.
  const [p1, m1, p2, m2] = [await at(step), await at(-step), await at(2 * step), await at(-2 * step)];
  return (8 * (p1 - m1) - (p2 - m2)) / (12 * step);
}
