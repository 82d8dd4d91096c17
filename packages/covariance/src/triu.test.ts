import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  seededTensor,
  symmetrise,
  toMatrix,
  triu,
} from '@covpool/testing';
import { grad, mul, sum, type Tensor, tensor, type Tensor2D, type Tensor3D, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TriuOrder } from './triu-places.ts';
import { triuMatrix, triuVectorize } from './triu.ts';

describeEngines('triuVectorize and triuMatrix', () => {
  describe('values', () => {
    it('go row by row, with the diagonal (spec 1.3)', () =>
      expectClose(triuVectorize(tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3])), [1, 2, 3, 5, 6, 9], { relative: 0 }));

    it('mirror the triangle', () =>
      expectClose(triuMatrix(tensor([1, 2, 3, 5, 6, 9], [1, 6])), [1, 2, 3, 2, 5, 6, 3, 6, 9], { relative: 0 }));

    it('go column by column in the other order (spec 1.3)', async () => {
      const a = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3]) as Tensor3D;
      await expectClose(triuVectorize(a, { order: 'columns' }), [1, 2, 5, 3, 6, 9], { relative: 0 });
      const matrix = triuMatrix(tensor([1, 2, 5, 3, 6, 9], [1, 6]), { order: 'columns' });
      await expectClose(matrix, [1, 2, 3, 2, 5, 6, 3, 6, 9], { relative: 0 });
    });

    it('count as the literature does (spec 0)', () => {
      expect(triuVectorize(zeros([1, 64, 64])).shape).toEqual([1, 2080]);
      expect(triuVectorize(zeros([2, 256, 256])).shape).toEqual([2, 32_896]);
      expect(triuMatrix(zeros([1, 8256])).shape).toEqual([1, 128, 128]);
    });
  });

  describe('properties', () => {
    it.each(['rows', 'columns'] as const)('undo each other, order %s', (order) =>
      fc.assert(
        fc.asyncProperty(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 3 }), async (d, batch) => {
          const v = seededTensor([batch, (d * (d + 1)) / 2], 'v', d) as Tensor2D;
          await expectClose(triuVectorize(triuMatrix(v, { order }), { order }), await v.data(), { relative: 0 });
          const a = symmetrise(toMatrix(await seededTensor([d, d], 'a', d).data(), d));
          const vector = triuVectorize(tensor(a.flat(), [1, d, d]), { order });
          // Columns of the upper triangle are rows of the lower one.
          const expected = order === 'rows' ? triu(a) : a.flatMap((row, i) => row.slice(0, i + 1));
          await expectClose(vector, expected.map(Math.fround), { relative: 0 });
          await expectClose(triuMatrix(vector, { order }), a.flat().map(Math.fround), { relative: 0 });
        }),
        { seed: 5, numRuns: 15 },
      ),
    );
  });

  describe('gradient', () => {
    it('of the vector goes to the upper triangle alone (spec 1.3)', async () => {
      const weights = tensor([1, 2, 3, 4, 5, 6, 10, 20, 30, 40, 50, 60], [2, 6]);
      const gradient = grad((a: Tensor) => sum(mul(triuVectorize(a as Tensor3D), weights)))(zeros([2, 3, 3]));
      await expectClose(gradient, [1, 2, 3, 0, 4, 5, 0, 0, 6, 10, 20, 30, 0, 40, 50, 0, 0, 60], { relative: 0 });
    });

    it('goes where the values came from in the other order (spec 1.3)', async () => {
      const order = 'columns';
      const vectorWeights = tensor([1, 2, 3, 4, 5, 6], [1, 6]);
      const vectorLoss = (a: Tensor): Tensor => sum(mul(triuVectorize(a as Tensor3D, { order }), vectorWeights));
      await expectClose(grad(vectorLoss)(zeros([1, 3, 3])), [1, 2, 4, 0, 3, 5, 0, 0, 6], { relative: 0 });
      const matrixWeights = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3]);
      const matrixLoss = (v: Tensor): Tensor => sum(mul(triuMatrix(v as Tensor2D, { order }), matrixWeights));
      await expectClose(grad(matrixLoss)(zeros([1, 6])), [1, 6, 5, 10, 14, 9], { relative: 0 });
    });

    it('of the matrix adds both places of an entry', async () => {
      const weights = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3]);
      const gradient = grad((v: Tensor) => sum(mul(triuMatrix(v as Tensor2D), weights)))(zeros([1, 6]));
      await expectClose(gradient, [1, 6, 10, 5, 14, 9], { relative: 0 });
    });

    it('has a gradient of its own', async () => {
      // ∂/∂a of |∂/∂a Σ triu(a)³|² is 36 a³ on the triangle.
      const a = tensor([1, 2, 3, 4], [1, 2, 2]);
      const cubes = (x: Tensor): Tensor => {
        const v = triuVectorize(x as Tensor3D);
        return sum(mul(v, mul(v, v)));
      };
      const outer = grad((x: Tensor) => {
        const g = grad(cubes)(x);
        return sum(mul(g, g));
      })(a);
      await expectClose(outer, [36, 36 * 8, 0, 36 * 64]);
    });
  });

  describe('rejects', () => {
    it('an unknown order', async () => {
      const order = 'diagonals' as TriuOrder;
      const message = /unknown order 'diagonals'; known: columns, rows/;
      await expectCovpoolError(() => triuVectorize(zeros([1, 2, 2]), { order }), 'bad-argument', message);
      await expectCovpoolError(() => triuMatrix(zeros([1, 3]), { order }), 'bad-argument', message);
    });

    it('what is not a batch of square matrices, or of triangles', async () => {
      const vectorize = (shape: number[]) => () => triuVectorize(zeros(shape as [number, number, number]));
      await expectCovpoolError(
        vectorize([3, 3]),
        'bad-argument',
        /triuVectorize: matrices must be \[B,d,d\], got \[3,3\]/,
      );
      await expectCovpoolError(vectorize([1, 2, 3]), 'bad-argument', /got \[1,2,3\]/);
      await expectCovpoolError(() => triuMatrix(zeros([1, 5])), 'bad-argument', /triuMatrix: .* got \[1,5\]/);
      await expectCovpoolError(() => triuMatrix(zeros([6]) as unknown as Tensor2D), 'bad-argument', /got \[6\]/);
    });
  });

  describe('memory', () => {
    it('keep nothing but what they return', async () => {
      const [a, v] = [seededTensor([2, 4, 4], 'a') as Tensor3D, seededTensor([2, 10], 'v') as Tensor2D];
      await expectNoLeak(() => triuVectorize(a).dispose());
      await expectNoLeak(() => triuMatrix(v).dispose());
      await expectNoLeak(() => grad((x: Tensor) => sum(triuVectorize(x as Tensor3D)))(a).dispose());
      await expectNoLeak(() => grad((x: Tensor) => sum(triuMatrix(x as Tensor2D)))(v).dispose());
    });
  });
});
