import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  numericGradient,
  seededTensor,
} from '@covpool/testing';
import { grad, mul, type Scalar, sum, type Tensor, type Tensor4D, tidy, zeros } from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { describe, expect, it } from 'vitest';
import { nearestUpsample } from './nearest-upsample.ts';

type Shape = [number, number, number, number];

/** `out[i] = x[⌊i·H/size⌋]` along both sides, one value at a time. */
function oracle(
  x: ArrayLike<number>,
  [batch, height, width, channels]: Shape,
  [rows, columns]: [number, number],
): number[] {
  const out: number[] = [];
  for (let b = 0; b < batch; b++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        const [y, z] = [Math.floor((i * height) / rows), Math.floor((j * width) / columns)];
        for (let c = 0; c < channels; c++) out.push(x[((b * height + y) * width + z) * channels + c]!);
      }
    }
  }
  return out;
}

const cases: [Shape, [number, number]][] = [
  [
    [2, 3, 4, 2],
    [6, 8],
  ],
  [
    [1, 3, 4, 2],
    [5, 7],
  ],
  [
    [1, 1, 1, 3],
    [1, 2],
  ],
  [
    [1, 2, 3, 1],
    [7, 4],
  ],
  [
    [2, 3, 5, 2],
    [3, 10],
  ],
];

describeEngines('nearestUpsample', () => {
  describe('values', () => {
    it.each(cases)('repeats the nearest of %j for %j', async (shape, size) => {
      const x = seededTensor(shape, 'nearest') as Tensor4D;
      const y = nearestUpsample(x, size);
      expect(y.shape).toEqual([shape[0], ...size, shape[3]]);
      await expectClose(y, oracle(await x.data(), shape, size), { relative: 0 });
    });
  });

  describe('properties', () => {
    it('leaves features of that size as they are', async () => {
      const x = seededTensor([1, 2, 3, 2], 'same') as Tensor4D;
      await expectClose(nearestUpsample(x, [2, 3]), await x.data(), { relative: 0 });
    });
  });

  describe('gradient', () => {
    it.each(cases)('sums over the copies, %j to %j', async (shape, size) => {
      const x = seededTensor(shape, 'gradient') as Tensor4D;
      const weights = seededTensor([shape[0], ...size, shape[3]], 'weights');
      const w = await weights.data();
      const value = (values: number[]) => oracle(values, shape, size).reduce((total, y, i) => total + y * w[i]!, 0);
      const found = grad((input: Tensor) => sum(mul(nearestUpsample(input as Tensor4D, size), weights)) as Scalar)(x);
      await expectClose(found, numericGradient(value, await x.data()));
    });
  });

  describe('rejects', () => {
    it('what is no size and what are no features', async () => {
      const x = zeros([1, 2, 2, 1]) as Tensor4D;
      await expectCovpoolError(
        () => nearestUpsample(x, [0, 2]),
        'bad-argument',
        /two positive whole numbers, got \[0,2\]/,
      );
      await expectCovpoolError(() => nearestUpsample(zeros([2, 2]) as never, [2, 2]), 'bad-argument', /\[B,H,W,C\]/);
    });
  });

  describe('memory', () => {
    it('leaks nothing, forward or backward', () => {
      const x = seededTensor([1, 3, 2, 2], 'leak') as Tensor4D;
      return expectNoLeak(() => {
        tidy(() => void grad((input: Tensor) => sum(nearestUpsample(input as Tensor4D, [5, 4])) as Scalar)(x));
      });
    });
  });
});
