import { describeEngines, expectClose, expectNoLeak, seededTensor } from '@covpool/testing';
import { grad, mul, sum, type Tensor, tensor, tensor1d, type Tensor2D } from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { binnedSum } from './binned-sum.ts';

const bins = () => tensor1d([2, 0, 2, 3], 'int32');

describeEngines('binnedSum', () => {
  describe('values', () => {
    it('are sums of rows; a bin of none is 0', () =>
      expectClose(binnedSum(tensor([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]), bins(), 5), [3, 4, 0, 0, 6, 8, 7, 8, 0, 0], {
        relative: 0,
      }));
  });

  describe('gradient', () => {
    it('goes to each row from its bin', async () => {
      const weights = tensor([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], [5, 2]);
      const loss = (values: Tensor): Tensor => sum(mul(binnedSum(values as Tensor2D, bins(), 5), weights));
      await expectClose(grad(loss)(seededTensor([4, 2], 'values')), [5, 6, 1, 2, 5, 6, 7, 8], { relative: 0 });
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [values, places] = [seededTensor([4, 2], 'memory') as Tensor2D, bins()];
      await expectNoLeak(() => binnedSum(values, places, 5).dispose());
      await expectNoLeak(() => grad((x: Tensor) => sum(binnedSum(x as Tensor2D, places, 5)))(values).dispose());
    });
  });
});
