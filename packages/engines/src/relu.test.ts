import { describeEngines, expectClose, expectNoLeak } from '@covpool/testing';
import { grad, mul, relu, square, sum, type Tensor, tensor1d } from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';

const x = (): Tensor => tensor1d([-2, -0, 0, 0.5, 3]);
const slope = (): ((y: Tensor) => Tensor) => grad((y: Tensor) => sum(square(relu(y))));

describeEngines('the gradient of ReLU', () => {
  describe('values', () => {
    it('is that of what is above 0', async () => {
      await expectClose(slope()(x()), [0, 0, 0, 1, 6], { relative: 0 });
    });
  });

  describe('gradient', () => {
    it('has one itself', async () => {
      await expectClose(grad((y: Tensor) => sum(mul(slope()(y), y)))(x()), [0, 0, 0, 2, 12], { relative: 0 });
    });
  });

  describe('memory', () => {
    it('leaks nothing', async () => {
      const inputs = x();
      await expectNoLeak(() => slope()(inputs).dispose());
    });
  });
});
