import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  numericGradient,
  seededTensor,
  seededValues,
} from '@covpool/testing';
import { grads, mul, ones, reshape, sum, type Tensor, tensor, type Tensor4D, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DepthwiseConv2d } from './depthwise-conv2d.ts';
import { depthwiseConvolution } from './depthwise-convolution.ts';
import { convolvedExtent } from './window.ts';
import { globalAveragePooling } from './global-average-pooling.ts';
import { modelState } from './model-state.ts';

interface Case {
  batch: number;
  height: number;
  width: number;
  channels: number;
  kernel: number;
  strides: number;
  padding: number;
}

const shapes = ({ batch, height, width, channels, kernel }: Case) => ({
  x: [batch, height, width, channels],
  filter: [kernel, kernel, channels, 1],
});

const sizeOf = (shape: number[]): number => shape.reduce((product, n) => product * n, 1);

/** The definition, in float64. */
function oracle(x: ArrayLike<number>, filter: ArrayLike<number>, c: Case): number[] {
  const { batch, height, width, channels, kernel, strides, padding } = c;
  const [rows, columns] = [height, width].map((extent) => convolvedExtent(extent, kernel, strides, padding)!);
  const y: number[] = [];
  for (let b = 0; b < batch; b++)
    for (let i = 0; i < rows!; i++)
      for (let j = 0; j < columns!; j++)
        for (let channel = 0; channel < channels; channel++) {
          let total = 0;
          for (let u = 0; u < kernel; u++)
            for (let v = 0; v < kernel; v++) {
              const [row, column] = [strides * i + u - padding, strides * j + v - padding];
              if (row < 0 || column < 0 || row >= height || column >= width) continue;
              total +=
                x[((b * height + row) * width + column) * channels + channel]! *
                filter[(u * kernel + v) * channels + channel]!;
            }
          y.push(total);
        }
  return y;
}

async function expectLikeOracle(c: Case): Promise<void> {
  const { x, filter } = shapes(c);
  const y = depthwiseConvolution(seededTensor(x, 'x'), seededTensor(filter, 'f'), c);
  await expectClose(y, oracle(seededValues(sizeOf(x), 'x'), seededValues(sizeOf(filter), 'f'), c));
}

const mobile: Case = { batch: 2, height: 6, width: 5, channels: 3, kernel: 3, strides: 2, padding: 1 };

describeEngines('depthwiseConvolution', () => {
  describe('values', () => {
    it('sees zeros on both sides, as PyTorch does, and keeps channels apart', async () => {
      const x = tensor(
        [...Array(16).keys()].flatMap(() => [1, 10]),
        [1, 4, 4, 2],
      ) as Tensor4D;
      const y = depthwiseConvolution(x, ones([3, 3, 2, 1]), { strides: 2, padding: 1 });
      expect(y.shape).toEqual([1, 2, 2, 2]);
      await expectClose(y, [4, 40, 6, 60, 6, 60, 9, 90]);
    });

    it.each<Case>([
      mobile,
      { ...mobile, strides: 1 },
      { ...mobile, padding: 0 },
      { batch: 1, height: 7, width: 7, channels: 9, kernel: 3, strides: 2, padding: 1 },
      { batch: 1, height: 8, width: 8, channels: 4, kernel: 1, strides: 3, padding: 0 },
    ])('like the definition: %j', expectLikeOracle);

    it('is a layer with the weight of PyTorch: [C,1,k,k]', () => {
      const layer = new DepthwiseConv2d({ name: 'conv', kernelSize: 3, strides: 2, padding: 1 });
      layer.build([null, null, null, 8]);
      const [weight] = modelState(layer);
      expect(weight!.name).toBe('conv.weight');
      expect(weight!.toTorch!.map((axis) => weight!.variable.shape[axis])).toEqual([8, 1, 3, 3]);
      expect(layer.computeOutputShape([null, 113, 56, 8])).toEqual([null, 57, 28, 8]);
      expect(layer.multiplyAdds([null, 56, 56, 8])).toBe(9 * 28 * 28 * 8);
    });
  });

  describe('properties', () => {
    it('agrees with the definition on any shape', () => {
      const few = fc.integer({ min: 1, max: 3 });
      const extent = fc.integer({ min: 4, max: 9 });
      const channels = fc.integer({ min: 1, max: 9 });
      const padding = fc.integer({ min: 0, max: 1 });
      const c = fc.record({ batch: few, height: extent, width: extent, channels, kernel: few, strides: few, padding });
      return fc.assert(fc.asyncProperty(c, expectLikeOracle), { numRuns: 20, seed: 6 });
    });

    it('trains and reloads as a layer', () =>
      expectTrainsAndReloads(
        () => [
          new DepthwiseConv2d({ name: 'dw', kernelSize: 3, strides: 2, padding: 1, inputShape: [6, 6, 4] }),
          globalAveragePooling({ name: 'pool' }),
        ],
        [6, 6, 4],
      ));
  });

  describe('gradient', () => {
    it.each<Case>([mobile, { ...mobile, strides: 1 }, { ...mobile, padding: 0 }])(
      'of a weighted sum, like central differences: %j',
      async (c) => {
        const { x, filter } = shapes(c);
        const [at, f] = [seededValues(sizeOf(x), 'x'), seededValues(sizeOf(filter), 'f')];
        const weights = seededValues(oracle(at, f, c).length, 'w');
        const loss = (y: number[]): number => y.reduce((total, value, i) => total + value * weights[i]!, 0);
        const both = grads((a: Tensor, b: Tensor) => {
          const y = depthwiseConvolution(a as Tensor4D, b as Tensor4D, c);
          return sum(mul(reshape(y, [-1]), tensor(weights)));
        });
        const [dx, dFilter] = both([tensor(at, x), tensor(f, filter)]);
        await expectClose(
          dx!,
          numericGradient((values) => loss(oracle(values, f, c)), at),
        );
        await expectClose(
          dFilter!,
          numericGradient((values) => loss(oracle(at, values, c)), f),
        );
      },
    );
  });

  describe('rejects', () => {
    it('filters of other channels or several per channel', async () => {
      for (const filter of [zeros([3, 3, 4, 1]), zeros([3, 3, 3, 2])]) {
        await expectCovpoolError(
          () => depthwiseConvolution(zeros([1, 4, 4, 3]), filter as Tensor4D),
          'bad-argument',
          /depthwiseConvolution: x must be \[B,H,W,C\] and filter \[kh,kw,C,1\]/,
        );
      }
      expect(() => new DepthwiseConv2d({ name: 'd', kernelSize: 3 }).build([null, 1, 1, null])).toThrow(
        'd: the number of channels must be known',
      );
    });
  });

  describe('memory', () => {
    it('leaks nothing', () =>
      expectNoLeak(() => {
        const [x, filter] = [zeros([1, 4, 4, 3]), zeros([3, 3, 3, 1])];
        const y = depthwiseConvolution(x as Tensor4D, filter as Tensor4D, { padding: 1 });
        for (const used of [x, filter, y]) used.dispose();
      }));
  });
});
