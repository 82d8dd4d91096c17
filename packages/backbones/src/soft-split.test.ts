import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  seededTensor,
  seededValues,
} from '@covpool/testing';
import fc from 'fast-check';
import { grad, mul, sum, type Tensor, tensor, type Tensor4D, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { SoftSplit, softSplit, type SoftSplitOptions } from './soft-split.ts';

type Shape = [number, number, number, number];

/** For every value that comes out, the place of the one that goes in, or −1 for padding: PyTorch's Unfold, value by value. */
function sources([batch, height, width, channels]: Shape, { kernelSize: k, strides, padding = 0 }: SoftSplitOptions) {
  const count = (extent: number) => Math.floor((extent + 2 * padding - k) / strides) + 1;
  const places: number[] = [];
  for (let b = 0; b < batch; b++) {
    for (let row = 0; row < count(height); row++) {
      for (let column = 0; column < count(width); column++) {
        for (let c = 0; c < channels; c++) {
          for (let i = 0; i < k; i++) {
            for (let j = 0; j < k; j++) {
              const [y, x] = [row * strides + i - padding, column * strides + j - padding];
              const inside = y >= 0 && y < height && x >= 0 && x < width;
              places.push(inside ? ((b * height + y) * width + x) * channels + c : -1);
            }
          }
        }
      }
    }
  }
  return places;
}

const t2t: SoftSplitOptions[] = [
  { kernelSize: 7, strides: 4, padding: 2 },
  { kernelSize: 3, strides: 2, padding: 1 },
  { kernelSize: 2, strides: 2 },
  { kernelSize: 2, strides: 3, padding: 1 },
];

describeEngines('softSplit', () => {
  describe('values', () => {
    it('of one patch are the channels one after the other, each row by row', async () => {
      const x = tensor([0, 10, 1, 11, 2, 12, 3, 13], [1, 2, 2, 2]) as Tensor4D;
      const y = softSplit(x, { kernelSize: 2, strides: 2 });
      expect(y.shape).toEqual([1, 1, 1, 8]);
      await expectClose(y, [0, 1, 2, 3, 10, 11, 12, 13]);
    });

    it.each(t2t)('with %o are those of PyTorch', async (options) => {
      for (const shape of [
        [2, 8, 12, 2],
        [1, 9, 11, 1],
      ] as Shape[]) {
        const values = seededValues(shape[0] * shape[1] * shape[2] * shape[3], 'x');
        const y = softSplit(tensor(values, shape) as Tensor4D, options);
        await expectClose(
          y,
          sources(shape, options).map((place) => (place < 0 ? 0 : values[place]!)),
          { relative: 0 },
        );
        const layer = new SoftSplit({ name: 'split', ...options });
        expect(layer.computeOutputShape(shape)).toEqual(y.shape);
      }
    });
  });

  describe('properties', () => {
    it('hold for any kernel, stride and padding', () => {
      const arbitrary = fc.record({
        kernelSize: fc.integer({ min: 1, max: 5 }),
        strides: fc.integer({ min: 1, max: 5 }),
        padding: fc.integer({ min: 0, max: 2 }),
        height: fc.integer({ min: 5, max: 9 }),
        width: fc.integer({ min: 5, max: 9 }),
      });
      return fc.assert(
        fc.asyncProperty(arbitrary, async ({ height, width, ...options }) => {
          const x = seededTensor([1, height, width, 2], 'any') as Tensor4D;
          const values = await x.data();
          const y = softSplit(x, options);
          const expected = sources([1, height, width, 2], options).map((place) => (place < 0 ? 0 : values[place]!));
          await expectClose(y, expected, { relative: 0 });
        }),
        { numRuns: 40, seed: 3 },
      );
    });
  });

  describe('gradient', () => {
    it('adds to each value what all of its patches get', async () => {
      const [shape, options] = [[1, 8, 8, 2] as Shape, t2t[0]!];
      const places = sources(shape, options);
      const g = seededValues(places.length, 'g');
      const expected = Array<number>(128).fill(0);
      for (const [i, place] of places.entries()) if (place >= 0) expected[place]! += g[i]!;
      const dx = grad((x: Tensor) => sum(mul(softSplit(x as Tensor4D, options), tensor(g, [1, 2, 2, 98]))))(
        zeros(shape),
      );
      await expectClose(dx, expected);
    });
  });

  describe('rejects', () => {
    it('tokens', () =>
      expectCovpoolError(
        () => softSplit(zeros([1, 4, 3]) as unknown as Tensor4D, t2t[1]!),
        'bad-argument',
        /^softSplit: the map must be \[B,H,W,C\], got \[1,4,3\]/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([1, 8, 8, 2], 'x') as Tensor4D;
      await expectNoLeak(() => softSplit(x, t2t[0]!).dispose());
    });
  });
});
