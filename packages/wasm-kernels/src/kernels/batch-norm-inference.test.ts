import {
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  type GivenBatchNormCase,
  givenBatchNormCase,
  givenBatchNormOracle,
} from '@covpool/testing';
import { engine, tensor, type NamedTensorMap, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeKinds } from '../against-cpu.fixture.ts';

const EPSILON = 1e-3;
// The difference, the product and the sum are rounded to float32 after a factor from float64.
const LIMIT = { relative: 4 * 2 ** -24 };

const run = (inputs: NamedTensorMap): Tensor =>
  (engine().runKernel('BatchNormInference', inputs, { epsilon: EPSILON }) as unknown as [Tensor])[0];

const compute = ({ shape, x, scale, offset, mean, variance }: GivenBatchNormCase): Tensor =>
  tidy(() =>
    run({
      x: tensor(x, shape),
      scale: tensor(scale),
      offset: tensor(offset),
      mean: tensor(mean),
      variance: tensor(variance),
    }),
  );

describeKinds(() => {
  // Vectors of four channels and what is left of them, whole blocks of rows and a part of one, rows wider than a block has.
  const shapes = [[7, 3], [200, 8], [2, 5, 7, 1], [1, 9, 9, 16], [3, 4, 6], [2, 130, 21], [1, 5], [9], [5, 67]]; // prettier-ignore

  describe('values', () => {
    it.each(shapes.map((shape) => [shape]))('of the definition for shape %j', async (shape) => {
      const c = givenBatchNormCase(shape);
      const y = compute(c);
      expect(y.shape).toEqual(shape);
      await expectClose(y, givenBatchNormOracle(c, EPSILON), LIMIT);
    });

    it('of no rows and of no channels', () => {
      const none = { ...givenBatchNormCase([1, 3]), shape: [0, 3], x: [] };
      expect(compute(none).shape).toEqual([0, 3]);
      const [x, vector] = [zeros([4, 0]), zeros([0])];
      expect(run({ x, scale: vector, offset: vector, mean: vector, variance: vector }).shape).toEqual([4, 0]);
    });
  });

  describe('properties', () => {
    it.each([1e3, -3e4])('a mean of %d deviations costs nothing', async (mean) => {
      const c = givenBatchNormCase([4, 50, 6], mean);
      await expectClose(compute(c), givenBatchNormOracle(c, EPSILON), LIMIT);
    });
  });

  describe('rejects', () => {
    it('a variance of another length', () => {
      const [two, one] = [tensor([1, 1]), tensor([1])];
      const inputs = { x: tensor([1, 2, 3, 4], [2, 2]), scale: two, offset: two, mean: two, variance: one };
      return expectCovpoolError(() => run(inputs), 'bad-argument', /one number per channel/);
    });
  });

  describe('memory', () => {
    it('leaks no tensor', () => expectNoLeak(() => compute(givenBatchNormCase([6, 3])).dispose()));
  });
});
