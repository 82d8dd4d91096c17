import { expectClose, expectNoLeak, seededValues } from '@covpool/testing';
import {
  backend_util,
  conv2d,
  grad,
  mul,
  type Rank,
  sum,
  tensor,
  type Tensor,
  type Tensor4D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeWebgpu, expectGivesBack, run } from '../on-webgpu.fixture.ts';

type Shape4D = [number, number, number, number];

interface Case {
  x: Shape4D;
  filter: Shape4D;
  strides: number | [number, number];
  pad: 'same' | 'valid' | number;
}

const lengthOf = (shape: number[]): number => shape.reduce((product, extent) => product * extent, 1);

const infoOf = ({ x, filter, strides, pad }: Case) => backend_util.computeConv2DInfo(x, filter, strides, 1, pad);

function operands(given: Case) {
  const { outShape } = infoOf(given);
  const values = (shape: number[], name: string) => seededValues(lengthOf(shape), name);
  return { outShape, x: values(given.x, 'x'), filter: values(given.filter, 'filter'), dy: values(outShape, 'dy') };
}

/** The definition, in float64. */
function oracle(given: Case): number[] {
  const { x, filter, dy } = operands(given);
  const info = infoOf(given);
  const dw = filter.map(() => 0);
  let at = 0;
  for (let b = 0; b < info.batchSize; b++)
    for (let oy = 0; oy < info.outHeight; oy++)
      for (let ox = 0; ox < info.outWidth; ox++, at += info.outChannels)
        for (let ky = 0; ky < info.filterHeight; ky++)
          for (let kx = 0; kx < info.filterWidth; kx++) {
            const y = oy * info.strideHeight + ky - info.padInfo.top;
            const column = ox * info.strideWidth + kx - info.padInfo.left;
            if (y < 0 || y >= info.inHeight || column < 0 || column >= info.inWidth) continue;
            for (let c = 0; c < info.inChannels; c++)
              for (let f = 0; f < info.outChannels; f++) {
                const from = ((b * info.inHeight + y) * info.inWidth + column) * info.inChannels + c;
                const tap = ((ky * info.filterWidth + kx) * info.inChannels + c) * info.outChannels + f;
                dw[tap]! += dy[at + f]! * x[from]!;
              }
          }
  return dw;
}

const attributesOf = ({ strides, pad, filter }: Case) => ({ strides, pad, dataFormat: 'NHWC', filterShape: filter });

function filterGradient(given: Case): Tensor {
  const { x, dy, outShape } = operands(given);
  const inputs = { x: tensor(x, given.x), dy: tensor(dy, outShape) };
  return run('Conv2DBackpropFilter', inputs, attributesOf(given))[0]!;
}

describeWebgpu('the gradient of convolutions by their filter in WGSL', () => {
  // Pointwise and not, strides that do and do not divide, padding by name and number, filters that are not square, a sum in parts.
  const cases: [string, Case][] = [
    ['1×1', { x: [2, 5, 4, 3], filter: [1, 1, 3, 5], strides: 1, pad: 'valid' }],
    ['1×1 with stride 2', { x: [1, 7, 6, 4], filter: [1, 1, 4, 3], strides: 2, pad: 'same' }],
    ['3×3', { x: [2, 6, 5, 3], filter: [3, 3, 3, 34], strides: 1, pad: 1 }],
    ['3×3 with stride 2', { x: [1, 8, 7, 33], filter: [3, 3, 33, 2], strides: 2, pad: 1 }],
    ['7×7 with stride 2', { x: [1, 13, 12, 3], filter: [7, 7, 3, 4], strides: 2, pad: 3 }],
    ['2×5 with strides 3 and 2', { x: [1, 9, 11, 2], filter: [2, 5, 2, 3], strides: [3, 2], pad: 'same' }],
    ['stride beyond the filter', { x: [1, 10, 10, 2], filter: [2, 2, 2, 2], strides: 4, pad: 'valid' }],
    ['many positions', { x: [3, 17, 15, 2], filter: [3, 3, 2, 3], strides: 1, pad: 'same' }],
  ];

  describe('values', () => {
    it.each(cases)('are the definition’s: %s', async (_name, given) => {
      const dw = filterGradient(given);
      expect(dw.shape).toEqual(given.filter);
      await expectClose(dw, oracle(given));
    });
  });

  describe('properties', () => {
    it('channels first are left to the released kernel', async () => {
      const given = cases[2]![1];
      const { x, dy, outShape } = operands(given);
      const first = (values: number[], shape: number[]) => transpose(tensor(values, shape), [0, 3, 1, 2]);
      const attributes = { ...attributesOf(given), dataFormat: 'NCHW' };
      const dw = tidy(() => run('Conv2DBackpropFilter', { x: first(x, given.x), dy: first(dy, outShape) }, attributes));
      await expectClose(dw[0]!, oracle(given));
    });
  });

  describe('gradient', () => {
    it('is that of conv2d on the tape', async () => {
      const given = cases[3]![1];
      const { x, filter, dy, outShape } = operands(given);
      const [features, weights] = [tensor<Rank.R4>(x, given.x), tensor(dy, outShape)];
      const slope = grad((w: Tensor) => sum(mul(conv2d(features, w as Tensor4D, given.strides, given.pad), weights)));
      await expectClose(slope(tensor(filter, given.filter)), oracle(given));
    });
  });

  describe('memory', () => {
    it('keeps nothing but its result, on the device either', async () => {
      await expectNoLeak(() => tidy(() => void filterGradient(cases[7]![1])));
      await expectGivesBack(() => [filterGradient(cases[7]![1])]);
    });
  });
});
