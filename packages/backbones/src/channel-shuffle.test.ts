import { describeEngines, expectClose, expectCovpoolError, expectNoLeak, seededTensor } from '@covpool/testing';
import { grad, mul, range, reshape, sum, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { channelShuffle } from './channel-shuffle.ts';

const eight = () => reshape(range(0, 8), [1, 1, 1, 8]);

describeEngines('channelShuffle', () => {
  describe('values', () => {
    it('of 8 channels in 2 groups (spec 8.5)', () => expectClose(channelShuffle(eight(), 2), [0, 4, 1, 5, 2, 6, 3, 7]));
  });

  describe('properties', () => {
    it('undoes itself with as many groups as each had channels (spec 8.5)', async () => {
      const x = seededTensor([2, 3, 2, 12], 'x');
      for (const groups of [1, 2, 3, 4, 12]) {
        await expectClose(channelShuffle(channelShuffle(x, groups), 12 / groups), await x.data(), { relative: 0 });
      }
    });
  });

  describe('gradient', () => {
    it('goes back to where each channel came from', async () => {
      const gradient = grad((x: Tensor) => sum(mul(channelShuffle(x, 2), eight())))(eight());
      await expectClose(gradient, [0, 2, 4, 6, 1, 3, 5, 7]);
    });
  });

  describe('rejects', () => {
    it('groups that do not divide the channels', () =>
      expectCovpoolError(
        () => channelShuffle(zeros([1, 1, 1, 8]), 3),
        'bad-argument',
        /channelShuffle: groups must divide the channels, got 3 of 8/,
      ));
  });

  describe('memory', () => {
    it('leaks nothing', () =>
      expectNoLeak(() => {
        const x = zeros([1, 2, 2, 8]);
        channelShuffle(x, 2).dispose();
        x.dispose();
      }));
  });
});
