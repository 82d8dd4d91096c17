import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  inner,
  type Matrix,
  numericGradient,
  seededTensor,
  toMatrix,
} from '@covpool/testing';
import {
  grads,
  mul,
  sum,
  type Tensor,
  tensor,
  type Tensor1D,
  type Tensor3D,
  transpose,
  zeros,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { rowConvolutionOracle } from './oracle.fixture.ts';
import { rowConvolution } from './row-convolution.ts';

/** Rows, columns, kernels per row. */
const shapes = [
  [5, 5, 4],
  [3, 7, 2],
  [1, 4, 4],
  [6, 1, 1],
] as const;

function inputs(r: number, c: number, n: number, batch = 2): [Tensor3D, Tensor3D, Tensor1D] {
  return [
    seededTensor([batch, r, c], 'p', r) as Tensor3D,
    seededTensor([r, c, n], 'kernel', c) as Tensor3D,
    seededTensor([r * n], 'bias', n) as Tensor1D,
  ];
}

/** The kernel [R,C,N] as [C, R·N]. */
const asColumns = async (kernel: Tensor3D): Promise<Matrix> =>
  toMatrix(await transpose(kernel, [1, 0, 2]).data(), kernel.shape[0] * kernel.shape[2]);

describeEngines('rowConvolution', () => {
  describe('values', () => {
    it('are the products of each row with its kernels (spec 7.6)', () =>
      // Row 0 is (1,2), row 1 (3,4); two kernels each.
      expectClose(
        rowConvolution(
          tensor([1, 2, 3, 4], [1, 2, 2]),
          tensor([1, 0, 0, 1, 5, 1, 7, -1], [2, 2, 2]),
          tensor([0, 100, 0, 0]),
        ),
        [1, 102, 3 * 5 + 4 * 7, 3 - 4],
        { relative: 0 },
      ));

    it.each(shapes)('are those of the definition, %i rows, %i columns, %i kernels', async (r, c, n) => {
      const [p, kernel, bias] = inputs(r, c, n);
      const [columns, offsets] = [await asColumns(kernel), [...(await bias.data())]];
      const matrices = toMatrix(await p.data(), c);
      const expected = [matrices.slice(0, r), matrices.slice(r)].flatMap((m) =>
        rowConvolutionOracle(m, columns, offsets),
      );
      await expectClose(rowConvolution(p, kernel, bias), expected);
    });
  });

  describe('properties', () => {
    it('give row i the outputs 4i to 4i + 3 alone (spec 7.6)', async () => {
      const [p, kernel, bias] = inputs(5, 5, 4, 1);
      const before = await rowConvolution(p, kernel, bias).data();
      for (let i = 0; i < 5; i++) {
        const moved = (await p.data()).map((value, k) => (Math.floor(k / 5) === i ? value + 1 : value));
        const after = await rowConvolution(tensor(moved, [1, 5, 5]), kernel, bias).data();
        const changed = [...after.keys()].filter((k) => after[k] !== before[k]);
        expect(changed).toEqual([4 * i, 4 * i + 1, 4 * i + 2, 4 * i + 3]);
      }
    });
  });

  describe('gradient', () => {
    it.each(shapes)('is the derivative of the definition, %i rows, %i columns, %i kernels', async (r, c, n) => {
      const [p, kernel, bias] = inputs(r, c, n, 1);
      const g = seededTensor([1, r * n], 'g', r);
      const weights = toMatrix(await g.data(), r * n);
      const ours = grads((m: Tensor, k: Tensor, b: Tensor) =>
        sum(mul(rowConvolution(m as Tensor3D, k as Tensor3D, b as Tensor1D), g)),
      )([p, kernel, bias]);
      const [matrix, columns, offsets] = [
        toMatrix(await p.data(), c),
        await asColumns(kernel),
        [...(await bias.data())],
      ];
      const value = (m: Matrix, k: Matrix, b: number[]) => inner([rowConvolutionOracle(m, k, b)], weights);
      await expectClose(
        ours[0]!,
        numericGradient((v) => value(toMatrix(v, c), columns, offsets), matrix.flat()),
      );
      await expectClose(
        transpose(ours[1]!, [1, 0, 2]),
        numericGradient((v) => value(matrix, toMatrix(v, r * n), offsets), columns.flat()),
      );
      await expectClose(ours[2]!, weights[0]!);
    });
  });

  describe('rejects', () => {
    it('shapes that do not fit', async () => {
      const kernel: Tensor3D = zeros([2, 3, 4]);
      await expectCovpoolError(
        () => rowConvolution(zeros([1, 3, 3]), kernel, zeros([8])),
        'bad-argument',
        /rowConvolution: p must be \[B,R,C\] and the kernel \[R,C,N\], got \[1,3,3\] and \[2,3,4\]/,
      );
      await expectCovpoolError(
        () => rowConvolution(zeros([1, 2, 3]), kernel, zeros([4])),
        'bad-argument',
        /bias must be \[8\] for this kernel, got \[4\]/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [p, kernel, bias] = inputs(3, 3, 4);
      await expectNoLeak(() => rowConvolution(p, kernel, bias).dispose());
    });
  });
});
