import { describeEngines, expectClose, expectCovpoolError, seededTensor } from '@covpool/testing';
import { gather, matMul, tensor1d, type Tensor2D, type Tensor3D, transpose } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { type TriuOrder, triuPermutation } from './triu-places.ts';
import { triuVectorize } from './triu.ts';

describe('triuPermutation', () => {
  describe('values', () => {
    it('are these for d = 1 to 4 (spec 1.3)', () => {
      expect([...triuPermutation(1)]).toEqual([0]);
      expect([...triuPermutation(2)]).toEqual([0, 1, 2]);
      // In columns: 00 01 11 02 12 22; in rows: 00 01 02 11 12 22.
      expect([...triuPermutation(3)]).toEqual([0, 1, 3, 2, 4, 5]);
      // In columns: 00 01 11 02 12 22 03 13 23 33; in rows: 00 01 02 03 11 12 13 22 23 33.
      expect([...triuPermutation(4)]).toEqual([0, 1, 3, 6, 2, 4, 7, 5, 8, 9]);
      const back = triuPermutation(4, { from: 'rows', to: 'columns' });
      expect([...back]).toEqual([0, 1, 4, 2, 5, 7, 3, 6, 8, 9]);
    });

    it('are the places themselves within one order', () =>
      expect([...triuPermutation(3, { from: 'columns', to: 'columns' })]).toEqual([0, 1, 2, 3, 4, 5]));
  });

  describe('properties', () => {
    it.each([5, 64, 256])('take d(d+1)/2 places to each other and back, d = %i', (d) => {
      const there = triuPermutation(d);
      const back = triuPermutation(d, { from: 'rows', to: 'columns' });
      expect(there.length).toBe((d * (d + 1)) / 2);
      expect(there.every((place, k) => back[place] === k)).toBe(true);
    });
  });

  describe('rejects', () => {
    it.each([0, 2.5, -1])('d = %f', (d) =>
      expectCovpoolError(
        () => triuPermutation(d),
        'bad-argument',
        /triuPermutation: d must be a positive whole number/,
      ),
    );

    it('an unknown order', () =>
      expectCovpoolError(
        () => triuPermutation(3, { from: 'lower' as TriuOrder }),
        'bad-argument',
        /triuPermutation: unknown order 'lower'; known: columns, rows/,
      ));
  });
});

describeEngines('triuPermutation', () => {
  it('lets a classifier of the other order say the same (spec 1.3)', async () => {
    const [x, foreign] = [seededTensor([2, 4, 4], 'x'), seededTensor([10, 3], 'classifier') as Tensor2D];
    const sigma = matMul(x, transpose(x, [0, 2, 1])) as Tensor3D;
    const expected = await matMul(triuVectorize(sigma, { order: 'columns' }), foreign).data();
    const ours = gather(foreign, tensor1d(triuPermutation(4), 'int32'));
    await expectClose(matMul(triuVectorize(sigma), ours), expected);
  });
});
