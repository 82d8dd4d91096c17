import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  flatten,
  inner,
  type Matrix,
  numericGradient,
  scale,
  seededTensor,
  times,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { grad, matMul, mean, mul, sub, sum, type Tensor, tensor, zeros } from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { covariance } from './covariance.ts';
import { secondMoment } from './second-moment.ts';

const oracle = (x: Matrix): Matrix => scale(times(transpose(x), x), 1 / x.length);

describeEngines('secondMoment', () => {
  describe('values', () => {
    it('of a constant picture is the outer product of its channels', () =>
      expectClose(secondMoment(tensor([1, 2, 1, 2, 1, 2], [1, 3, 2])), [1, 2, 2, 4]));

    it('is that of the definition, picture by picture', async () => {
      const x = seededTensor([2, 2, 3, 4], 'moment');
      const values = await x.data();
      await expectClose(
        secondMoment(x),
        [values.slice(0, 24), values.slice(24)].flatMap((part) => flatten(oracle(toMatrix(part, 4)))),
      );
    });
  });

  describe('properties', () => {
    it('is the covariance and the outer product of the mean', async () => {
      const x = seededTensor([1, 9, 3], 'split');
      const mu = mean(x, 1, true);
      await expectClose(sub(secondMoment(x), matMul(mu, mu, true, false)), await covariance(x).data(), {
        absolute: 1e-6,
      });
    });
  });

  describe('gradient', () => {
    it('is the derivative of the definition', async () => {
      const [x, g] = [seededTensor([1, 5, 3], 'x'), seededTensor([1, 3, 3], 'g')];
      const weights = toMatrix(await g.data(), 3);
      const numeric = numericGradient((values) => inner(oracle(toMatrix(values, 3)), weights), await x.data());
      await expectClose(grad((features: Tensor) => sum(mul(secondMoment(features), g)))(x), numeric);
    });
  });

  describe('rejects', () => {
    it('features without positions', () =>
      expectCovpoolError(() => secondMoment(zeros([2, 3])), 'bad-argument', /secondMoment: features must be/));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', () => {
      const x = seededTensor([2, 4, 3], 'memory');
      return expectNoLeak(() => secondMoment(x).dispose());
    });
  });
});
