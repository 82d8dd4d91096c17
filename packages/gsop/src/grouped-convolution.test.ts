import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  numericGradient,
  seededTensor,
} from '@covpool/testing';
import { grads, mul, sum, type Tensor, tensor, type Tensor1D, type Tensor4D, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { fusionShape } from './grouped-convolution-layer.ts';
import { groupedConvolution } from './grouped-convolution.ts';

type Shape = readonly [number, number, number, number];

/** Features, filter, groups. */
const cases: [Shape, Shape, number][] = [
  [[2, 4, 3, 4], [3, 1, 2, 4], 2],
  [[1, 3, 2, 6], [5, 1, 2, 3], 3],
  [[2, 2, 2, 3], [1, 1, 3, 2], 1],
];

/** The definition, entry by entry. */
function oracle(x: number[], filter: number[], bias: number[], [b, h, w, c]: Shape, [k, , cg, f]: Shape): number[] {
  const outputs: number[] = [];
  const perGroup = (f * cg) / c;
  for (let i = 0; i < b * h * w * f; i++) {
    const [o, column, row, batch] = [
      i % f,
      Math.floor(i / f) % w,
      Math.floor(i / (f * w)) % h,
      Math.floor(i / (f * w * h)),
    ];
    let total = bias[o]!;
    for (let t = 0; t < k; t++) {
      const source = row + t - (k - 1) / 2;
      if (source < 0 || source >= h) continue;
      for (let j = 0; j < cg; j++) {
        const channel = Math.floor(o / perGroup) * cg + j;
        total += x[((batch * h + source) * w + column) * c + channel]! * filter[(t * cg + j) * f + o]!;
      }
    }
    outputs.push(total);
  }
  return outputs;
}

function inputs(x: Shape, filter: Shape): [Tensor4D, Tensor4D, Tensor1D] {
  return [
    seededTensor([...x], 'x', x[3]) as Tensor4D,
    seededTensor([...filter], 'filter', x[3]) as Tensor4D,
    seededTensor([filter[3]], 'bias', x[3]) as Tensor1D,
  ];
}

describeEngines('groupedConvolution', () => {
  describe('values', () => {
    it('go along the height within each group', () =>
      // Two positions above each other, two groups of one channel, the kernel (1, 10, 100).
      expectClose(
        groupedConvolution(
          tensor([1, 2, 3, 4], [1, 2, 1, 2]),
          tensor([1, 1, 10, 10, 100, 100], [3, 1, 1, 2]),
          tensor([0, 5]),
          2,
        ),
        [310, 425, 31, 47],
        { relative: 0 },
      ));

    it.each(cases)('are those of the definition, %j, %j, %i groups', async (shape, filterShape, groups) => {
      const [x, filter, bias] = inputs(shape, filterShape);
      const [a, b, c] = await Promise.all([x, filter, bias].map(async (t) => [...(await t.data())]));
      await expectClose(groupedConvolution(x, filter, bias, groups), oracle(a!, b!, c!, shape, filterShape));
    });

    it('have in a fusion C/64 groups and 2f + 5 rows, f = log₂(32/groups) (spec 7.4)', () => {
      const shapes = [256, 512, 1024, 2048].map(fusionShape);
      expect(shapes).toEqual([
        { groups: 4, kernel: 11 },
        { groups: 8, kernel: 9 },
        { groups: 16, kernel: 7 },
        { groups: 32, kernel: 5 },
      ]);
      expect(fusionShape(16)).toEqual({ groups: 1, kernel: 15 });
    });
  });

  describe('properties', () => {
    it('leave other groups alone', async () => {
      const [x, filter, bias] = inputs(...(cases[0]!.slice(0, 2) as [Shape, Shape]));
      const moved: Tensor4D = tensor(
        (await x.data()).map((value, i) => (i % 4 < 2 ? value + 1 : value)),
        x.shape,
      );
      const [before, after] = await Promise.all(
        [x, moved].map((map) => groupedConvolution(map, filter, bias, 2).data()),
      );
      for (const [i, value] of before!.entries()) expect(after![i] === value).toBe(i % 4 >= 2);
    });
  });

  describe('gradient', () => {
    it.each(cases)('is the derivative of the definition, %j, %j, %i groups', async (shape, filterShape, groups) => {
      const tensors = inputs(shape, filterShape);
      const g = seededTensor([...shape.slice(0, 3), filterShape[3]], 'g');
      const weights = await g.data();
      const ours = grads((x: Tensor, f: Tensor, b: Tensor) =>
        sum(mul(groupedConvolution(x as Tensor4D, f as Tensor4D, b as Tensor1D, groups), g)),
      )(tensors);
      const values = await Promise.all(tensors.map(async (t) => [...(await t.data())]));
      for (const [i, at] of values.entries()) {
        const value = (v: number[]) => {
          const [x, f, b] = values.with(i, v);
          return oracle(x!, f!, b!, shape, filterShape).reduce((total, y, k) => total + y * weights[k]!, 0);
        };
        await expectClose(ours[i]!, numericGradient(value, at));
      }
    });
  });

  describe('rejects', () => {
    it('shapes that do not fit', async () => {
      const [x, bias]: [Tensor4D, Tensor1D] = [zeros([1, 2, 2, 4]), zeros([4])];
      await expectCovpoolError(
        () => groupedConvolution(x, zeros([3, 1, 4, 4]), bias, 2),
        'bad-argument',
        /groupedConvolution: x must be \[B,H,W,C\] and filter \[k,1,C\/2,F\].* got \[1,2,2,4\] and \[3,1,4,4\]/,
      );
      await expectCovpoolError(
        () => groupedConvolution(x, zeros([3, 1, 2, 3]), bias, 2),
        'bad-argument',
        /multiple of 2/,
      );
      await expectCovpoolError(() => groupedConvolution(x, zeros([2, 1, 2, 4]), bias, 2), 'bad-argument', /got 2×1/);
      await expectCovpoolError(() => groupedConvolution(x, zeros([3, 3, 2, 4]), bias, 2), 'bad-argument', /got 3×3/);
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const tensors = inputs(...(cases[0]!.slice(0, 2) as [Shape, Shape]));
      await expectNoLeak(() => groupedConvolution(...tensors, 2).dispose());
    });
  });
});
