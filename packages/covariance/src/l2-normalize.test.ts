import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  inner,
  numericGradient,
  seededTensor,
  seededValues,
  toMatrix,
} from '@covpool/testing';
import { grad, mul, scalar, sum, type Tensor, tensor, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { l2Normalize } from './l2-normalize.ts';

const oracle = (x: number[]): number[] => x.map((value) => value / Math.max(Math.hypot(...x), 1e-12));

describeEngines('l2Normalize', () => {
  describe('values', () => {
    it('are the vectors over their lengths, each by itself', () =>
      expectClose(l2Normalize(tensor([3, 4, -5, 12], [2, 2])), [0.6, 0.8, -5 / 13, 12 / 13]));

    it('of a vector below the floor are divided by 1e-12 (spec 9.2)', async () => {
      await expectClose(l2Normalize(zeros([2, 3])), new Array<number>(6).fill(0), { relative: 0 });
      await expectClose(l2Normalize(tensor([1e-13, 0], [1, 2])), [0.1, 0]);
    });
  });

  describe('properties', () => {
    it('have length 1 whatever the length of x', () =>
      fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 40 }),
          fc.nat(1000),
          fc.double({ min: 1e-6, max: 1e6, noNaN: true }),
          async (length, key, factor) => {
            const x = seededValues(length, key);
            await expectClose(l2Normalize(tensor(x.map((value) => value * factor))), oracle(x));
          },
        ),
        { seed: 8, numRuns: 25 },
      ));
  });

  describe('gradient', () => {
    it('is the derivative of the definition', async () => {
      const [x, g] = [seededTensor([2, 5], 'x'), seededTensor([2, 5], 'g')];
      const weights = toMatrix(await g.data(), 5);
      const numeric = numericGradient((values) => inner(toMatrix(values, 5).map(oracle), weights), await x.data());
      await expectClose(grad((at: Tensor) => sum(mul(l2Normalize(at), g)))(x), numeric);
    });

    it('is 0 at 0 and below the floor', async () => {
      const x = tensor([0, 0, 1e-13, 0, 3, 4], [3, 2]);
      const loss = (at: Tensor): Tensor => sum(mul(l2Normalize(at), tensor([1, 2])));
      await expectClose(grad(loss)(x), [0, 0, 0, 0, (1 - 0.6 * 2.2) / 5, (2 - 0.8 * 2.2) / 5]);
    });
  });

  describe('rejects', () => {
    it('a number', () =>
      expectCovpoolError(() => l2Normalize(scalar(2)), 'bad-argument', /l2Normalize: vectors must be \[..., F\]/));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([2, 3], 'memory');
      await expectNoLeak(() => l2Normalize(x).dispose());
      await expectNoLeak(() => grad((at: Tensor) => sum(l2Normalize(at)))(x).dispose());
    });
  });
});
