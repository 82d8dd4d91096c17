import { expectNoLeak, seededTensor } from '@covpool/testing';
import { tensor, type Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeWebgpu, run } from '../on-webgpu.fixture.ts';

const vectorize = (a: Tensor, order: 'rows' | 'columns') => run('TriuVectorize', { a }, { order })[0]!;
const scatter = (v: Tensor, order: 'rows' | 'columns') => run('TriuScatter', { v }, { order })[0]!;

describeWebgpu('triangles in WGSL', () => {
  const square = () => tensor([1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 3, 3]);

  describe('values', () => {
    it('row by row and column by column (spec 1.3)', async () => {
      expect([...(await vectorize(square(), 'rows').data())]).toEqual([1, 2, 3, 5, 6, 9]);
      expect([...(await vectorize(square(), 'columns').data())]).toEqual([1, 2, 5, 3, 6, 9]);
    });

    it('back into an upper triangle, zeros below', async () => {
      const v = tensor([1, 2, 3, 5, 6, 9], [1, 6]);
      expect([...(await scatter(v, 'rows').data())]).toEqual([1, 2, 3, 0, 5, 6, 0, 0, 9]);
      expect([...(await scatter(v, 'columns').data())]).toEqual([1, 2, 5, 0, 3, 6, 0, 0, 9]);
    });
  });

  describe('properties', () => {
    it('are there and back the same, for every image', async () => {
      for (const order of ['rows', 'columns'] as const) {
        const v = seededTensor([3, 820], 'there');
        expect(await vectorize(scatter(v, order), order).data()).toEqual(await v.data());
      }
    });
  });

  describe('memory', () => {
    it('keeps nothing but the results', async () => {
      const a = square();
      await expectNoLeak(() => vectorize(a, 'rows').dispose());
    });
  });
});
