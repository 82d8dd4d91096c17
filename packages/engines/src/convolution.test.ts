import { describeEngines, expectClose, expectNoLeak, seededTensor, seededValues } from '@covpool/testing';
import { conv2d, grads, mul, sum, type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

type Sides = [[number, number], [number, number], [number, number], [number, number]];

interface Case {
  height: number;
  width: number;
  channels: number;
  filters: number;
  kernel: [number, number];
  strides: number;
  /** Zeros above and below, left and right. */
  padding: [top: number, bottom: number, left: number, right: number];
}

const BATCH = 2;

const shapesOf = ({ height, width, channels, filters, kernel, strides, padding: [t, b, l, r] }: Case) => ({
  x: [BATCH, height, width, channels],
  filter: [...kernel, channels, filters],
  y: [
    BATCH,
    Math.floor((height + t + b - kernel[0]) / strides) + 1,
    Math.floor((width + l + r - kernel[1]) / strides) + 1,
    filters,
  ],
});

const sizeOf = (shape: number[]): number => shape.reduce((product, n) => product * n, 1);

/** The convolution and the gradients of Σ y·dy by both its inputs, by definition, in float64. */
function oracle(c: Case): Record<'y' | 'dx' | 'dfilter', number[]> {
  const shapes = shapesOf(c);
  const [x, filter] = [seededValues(sizeOf(shapes.x), 'x'), seededValues(sizeOf(shapes.filter), 'filter')];
  const dy = seededValues(sizeOf(shapes.y), 'dy');
  const zeros = (shape: number[]): number[] => new Array<number>(sizeOf(shape)).fill(0);
  const result = { y: zeros(shapes.y), dx: zeros(shapes.x), dfilter: zeros(shapes.filter) };
  const [, rows, columns] = shapes.y as [number, number, number];
  const [kh, kw] = c.kernel;
  for (let at = 0; at < result.y.length; at++) {
    const f = at % c.filters;
    const j = Math.floor(at / c.filters) % columns;
    const i = Math.floor(at / c.filters / columns) % rows;
    const b = Math.floor(at / c.filters / columns / rows);
    for (let u = 0; u < kh; u++)
      for (let v = 0; v < kw; v++) {
        const [row, column] = [c.strides * i + u - c.padding[0], c.strides * j + v - c.padding[2]];
        if (row < 0 || column < 0 || row >= c.height || column >= c.width) continue;
        for (let channel = 0; channel < c.channels; channel++) {
          const atX = ((b * c.height + row) * c.width + column) * c.channels + channel;
          const atFilter = ((u * kw + v) * c.channels + channel) * c.filters + f;
          result.y[at]! += x[atX]! * filter[atFilter]!;
          result.dx[atX]! += filter[atFilter]! * dy[at]!;
          result.dfilter[atFilter]! += x[atX]! * dy[at]!;
        }
      }
  }
  return result;
}

const inputs = (c: Case): [Tensor4D, Tensor4D, Tensor4D] => {
  const shapes = shapesOf(c);
  const named = (shape: number[], name: string): Tensor4D => seededTensor(shape, name) as Tensor4D;
  return [named(shapes.x, 'x'), named(shapes.filter, 'filter'), named(shapes.y, 'dy')];
};

function convolve({ kernel, strides, padding: [t, b, l, r] }: Case, x: Tensor4D, filter: Tensor4D): Tensor4D {
  // TensorFlow.js takes one number for all sides only beside a square kernel: it computes both extents with the kernel's height.
  const even = kernel[0] === kernel[1] && t === b && t === l && t === r;
  const sides: Sides = [
    [0, 0],
    [t, b],
    [l, r],
    [0, 0],
  ];
  return conv2d(x, filter, strides, even ? t : sides);
}

const square: Case = {
  height: 5,
  width: 4,
  channels: 3,
  filters: 2,
  kernel: [3, 3],
  strides: 1,
  padding: [1, 1, 1, 1],
};
const cases: [string, Case][] = [
  ['padded as is usual', square],
  ['not padded', { ...square, padding: [0, 0, 0, 0] }],
  ['padded by all but one of the kernel', { ...square, padding: [2, 2, 2, 2] }],
  ['padded by more than the kernel', { ...square, padding: [4, 4, 4, 4] }],
  ['padded on each side in its own way', { ...square, kernel: [3, 2], padding: [2, 0, 1, 0] }],
  ['of stride 2', { ...square, strides: 2 }],
  ['of stride 2, which leaves a pixel over', { ...square, height: 6, strides: 2, padding: [0, 0, 0, 0] }],
  ['1×1', { ...square, kernel: [1, 1], padding: [0, 0, 0, 0] }],
  ['1×1 of stride 2', { ...square, kernel: [1, 1], strides: 2, padding: [0, 0, 0, 0] }],
  ['of the whole map', { ...square, kernel: [5, 4], padding: [0, 0, 0, 0] }],
  ['of features', { ...square, channels: 5 }],
  ['of features, of stride 2', { ...square, channels: 5, strides: 2 }],
  ['that keeps the extent with an even kernel', { ...square, channels: 5, kernel: [2, 2], padding: [0, 1, 0, 1] }],
  ['of stride 2 with a large filter', { ...square, channels: 128, filters: 128, strides: 2 }],
  ['of many filters on a large map', { ...square, height: 64, width: 33, channels: 1, filters: 256 }],
  ['between many channels', { ...square, height: 2, width: 3, channels: 512, filters: 512 }],
  ['1×1 to many channels', { ...square, height: 16, width: 16, kernel: [1, 1], filters: 1024, padding: [0, 0, 0, 0] }],
  ['1×1 from many channels', { ...square, kernel: [1, 1], channels: 512, padding: [0, 0, 0, 0] }],
  ['1×1 between many', { ...square, width: 1, kernel: [1, 1], channels: 1024, filters: 512, padding: [0, 0, 0, 0] }],
];

describeEngines('convolution with padding in numbers', () => {
  describe('values', () => {
    it.each(cases)('%s', async (_, c) => {
      const [x, filter] = inputs(c);
      const y = convolve(c, x, filter);
      expect(y.shape).toEqual(shapesOf(c).y);
      await expectClose(y, oracle(c).y);
    });
  });

  describe('gradient', () => {
    it.each(cases)('%s', async (_, c) => {
      const [x, filter, dy] = inputs(c);
      const slopes = grads((a: Tensor, f: Tensor) => sum(mul(convolve(c, a as Tensor4D, f as Tensor4D), dy)));
      const [dx, dfilter] = slopes([x, filter]) as [Tensor, Tensor];
      const expected = oracle(c);
      await expectClose(dx, expected.dx);
      await expectClose(dfilter, expected.dfilter);
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', () =>
      expectNoLeak(() => {
        const all = inputs(square);
        const slopes = grads((a: Tensor, f: Tensor) => sum(convolve(square, a as Tensor4D, f as Tensor4D)));
        tidy(() => void slopes(all.slice(0, 2)));
        all.forEach((tensor) => tensor.dispose());
      }));
  });
});
