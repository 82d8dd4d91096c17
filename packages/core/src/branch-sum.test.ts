import { describeEngines, expectClose, expectCovpoolError, expectNoLeak, seededTensor } from '@covpool/testing';
import { grads, memory, mul, ones, sum, type Tensor, tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { BranchSum } from './branch-sum.ts';

const add = (a: Tensor, b: Tensor): Tensor => new BranchSum({ name: 'sum' }).apply([a, b]) as Tensor;

describeEngines('BranchSum', () => {
  describe('values', () => {
    it('are those of both branches together', async () => {
      await expectClose(add(tensor([1, -2, 0.5]), tensor([4, 2, 0.25])), [5, 0, 0.75], { relative: 0 });
    });
  });

  describe('properties', () => {
    it('keeps neither branch for the gradient', () => {
      const held = tidy(() => {
        let alive = 0;
        const loss = (x: Tensor): Tensor => {
          const y = tidy(() => add(mul(x, 2), mul(x, 3)));
          alive = memory().numDataBuffers;
          return sum(y);
        };
        const x = ones([4]);
        const before = memory().numDataBuffers;
        grads(loss as (...args: Tensor[]) => Tensor)([x]);
        return alive - before;
      });
      // The sum itself, and the two factors.
      expect(held).toBe(3);
    });
  });

  describe('gradient', () => {
    it('of both is that of the sum', async () => {
      const weights = seededTensor([2, 3], 'weights');
      const loss = (a: Tensor, b: Tensor): Tensor => sum(mul(add(a, b), weights));
      for (const slope of grads(loss)([zeros([2, 3]), ones([2, 3])])) {
        await expectClose(slope, await weights.data(), { relative: 0 });
      }
    });
  });

  describe('rejects', () => {
    it('branches of two shapes', () =>
      expectCovpoolError(
        () => add(zeros([2, 3]), zeros([1, 3])),
        'bad-argument',
        /^sum: two branches of one shape are required, got \[2,3\] and \[1,3\]/,
      ));
  });

  describe('memory', () => {
    it('leaks nothing', async () => {
      const [a, b] = [zeros([2, 3]), ones([2, 3])];
      await expectNoLeak(() => {
        add(a, b).dispose();
        for (const slope of grads((x: Tensor, y: Tensor) => sum(add(x, y)))([a, b])) slope.dispose();
      });
    });
  });
});
