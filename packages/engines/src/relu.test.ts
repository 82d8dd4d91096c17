import { describeEngines, expectClose, expectNoLeak } from '@covpool/testing';
import { grad, memory, mul, relu, square, sub, sum, type Tensor, tensor1d, tidy, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

const x = (): Tensor => tensor1d([-2, -0, 0, 0.5, 3]);
const slope = (): ((y: Tensor) => Tensor) => grad((y: Tensor) => sum(square(relu(y))));

describeEngines('the gradient of ReLU', () => {
  describe('values', () => {
    it('is that of what is above 0', async () => {
      await expectClose(slope()(x()), [0, 0, 0, 1, 6], { relative: 0 });
    });
  });

  describe('properties', () => {
    it('keeps the output, not the input', () => {
      const kept = tidy(() => {
        let alive = 0;
        const inputs = zeros([4]);
        const before = memory().numDataBuffers;
        grad((z: Tensor) => {
          const y = tidy(() => relu(sub(z, 1)));
          alive = memory().numDataBuffers - before;
          return sum(y);
        })(inputs);
        return alive;
      });
      // The output, and the number 1.
      expect(kept).toBe(2);
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
