import {
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  type GivenBatchNormCase,
  givenBatchNormCase,
  givenBatchNormOracle,
} from '@covpool/testing';
import { tensor, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeWebgpu, expectGivesBack, run } from '../on-webgpu.fixture.ts';

const EPSILON = 1e-3;

const compute = ({ shape, x, scale, offset, mean, variance }: GivenBatchNormCase): Tensor =>
  tidy(() => {
    const statistics = { mean: tensor(mean), variance: tensor(variance) };
    const inputs = { x: tensor(x, shape), scale: tensor(scale), offset: tensor(offset), ...statistics };
    return run('BatchNormInference', inputs, { epsilon: EPSILON })[0]!;
  });

describeWebgpu('batch normalisation by given statistics in WGSL', () => {
  describe('values', () => {
    // One channel, few, less than a group, several groups, the last of them a part.
    it.each([[[7, 3]], [[2, 5, 7, 1]], [[3, 4, 33]], [[600, 5]], [[2, 9, 9, 64]], [[9]]])(
      'of the definition for shape %j',
      async (shape) => {
        const c = givenBatchNormCase(shape);
        const y = compute(c);
        expect(y.shape).toEqual(shape);
        await expectClose(y, givenBatchNormOracle(c, EPSILON));
      },
    );

    it('of no rows', async () => {
      const y = compute({ ...givenBatchNormCase([1, 3]), shape: [0, 3], x: [] });
      expect(y.shape).toEqual([0, 3]);
      expect(await y.data()).toHaveLength(0);
    });
  });

  describe('properties', () => {
    it.each([1e3, -3e4])('a mean of %d deviations costs nothing', async (mean) => {
      const c = givenBatchNormCase([4, 50, 6], mean);
      await expectClose(compute(c), givenBatchNormOracle(c, EPSILON));
    });
  });

  describe('rejects', () => {
    it('a variance of another length', () => {
      const two = zeros([2]);
      const inputs = { x: zeros([2, 2]), scale: two, offset: two, mean: two, variance: zeros([1]) };
      return expectCovpoolError(() => run('BatchNormInference', inputs), 'bad-argument', /one number per channel/);
    });

    it('whole numbers', () => {
      const one = zeros([1]);
      const inputs = { x: zeros([2, 1], 'int32'), scale: one, offset: one, mean: one, variance: one };
      return expectCovpoolError(
        () => run('BatchNormInference', inputs, { epsilon: 1 }),
        'bad-argument',
        /tensors must be float32, got int32/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but its result, on the device either', async () => {
      const c = givenBatchNormCase([6, 3]);
      await expectNoLeak(() => compute(c).dispose());
      await expectGivesBack(() => [compute(c)]);
    });
  });
});
