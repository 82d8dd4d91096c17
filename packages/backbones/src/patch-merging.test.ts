import { describeEngines, expectClose, expectCovpoolError, expectNoLeak, seededTensor } from '@covpool/testing';
import { grad, mul, sum, type Tensor, tensor, type Tensor4D, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { mergePatches, PatchMerging } from './patch-merging.ts';

describeEngines('mergePatches', () => {
  describe('values', () => {
    it('are upper left, lower left, upper right, lower right', async () => {
      const x = tensor([0, 1, 2, 3, 4, 5, 6, 7], [1, 2, 4, 1]) as Tensor4D;
      const y = mergePatches(x);
      expect(y.shape).toEqual([1, 1, 2, 4]);
      await expectClose(y, [0, 4, 1, 5, 2, 6, 3, 7]);
    });

    it('keep the channels of a position together', async () => {
      const x = tensor([0, 10, 1, 11, 2, 12, 3, 13], [1, 2, 2, 2]) as Tensor4D;
      await expectClose(mergePatches(x), [0, 10, 2, 12, 1, 11, 3, 13]);
    });
  });

  describe('properties', () => {
    it('are the values, in another order', async () => {
      const x = seededTensor([2, 4, 6, 3], 'x') as Tensor4D;
      const sorted = async (t: Tensor) => [...(await t.data())].sort();
      expect(await sorted(mergePatches(x))).toEqual(await sorted(x));
    });

    it('of the layer are the same', async () => {
      const layer = new PatchMerging({ name: 'merge' });
      const x = seededTensor([2, 4, 6, 3], 'x') as Tensor4D;
      expect(layer.computeOutputShape([null, 4, null, 3])).toEqual([null, 2, null, 12]);
      await expectClose(layer.apply(x) as Tensor, await mergePatches(x).data(), { relative: 0 });
    });
  });

  describe('gradient', () => {
    it('puts each value where it came from', async () => {
      const g = tensor([0, 4, 1, 5, 2, 6, 3, 7], [1, 1, 2, 4]);
      const dx = grad((x: Tensor) => sum(mul(mergePatches(x as Tensor4D), g)))(zeros([1, 2, 4, 1]));
      await expectClose(dx, [0, 1, 2, 3, 4, 5, 6, 7]);
    });
  });

  describe('rejects', () => {
    it('odd sides', () =>
      expectCovpoolError(
        () => mergePatches(zeros([1, 3, 4, 1])),
        'bad-argument',
        /^mergePatches: the map must be \[B,H,W,C\] with even sides, got \[1,3,4,1\]/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([1, 2, 2, 1], 'x') as Tensor4D;
      await expectNoLeak(() => mergePatches(x).dispose());
    });
  });
});
