import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  numericGradient,
  seededTensor,
} from '@covpool/testing';
import { abs, add, grad, mul, sign, sqrt, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signedSqrt } from './signed-sqrt.ts';

const oracle = (x: number, epsilon = 1e-8): number => Math.sign(x) * Math.sqrt(Math.abs(x) + epsilon);
const gradientOf = (epsilon?: number): ((x: Tensor) => Tensor) => grad((x: Tensor) => sum(signedSqrt(x, { epsilon })));

describeEngines('signedSqrt', () => {
  describe('values', () => {
    it('are sign(x)·√(|x| + 1e-8), 0 at 0 (spec 9.2)', async () => {
      const x = [4, -9, 0, 1e-8, -1e-8, 1e-20, 1e20];
      const expected = x.map((value) => oracle(value));
      await expectClose(signedSqrt(tensor(x.slice(0, 6))), expected.slice(0, 6));
      await expectClose(signedSqrt(tensor(x.slice(6))), expected.slice(6));
      await expectClose(signedSqrt(tensor([1e-8])), [Math.sqrt(2e-8)]);
      expect([...(await signedSqrt(tensor([0, -0])).data())].map(Math.abs)).toEqual([0, 0]);
    });

    it('take another ε', () => expectClose(signedSqrt(tensor([3, -3, 0]), { epsilon: 1 }), [2, -2, 0]));
  });

  describe('properties', () => {
    it('is odd, rising, and without ε the inverse of the signed square', () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 2, maxLength: 9 }),
          async (values) => {
            const x = values.map(Math.fround).sort((a, b) => a - b);
            const roots = [...(await signedSqrt(tensor(x)).data())];
            await expectClose(
              signedSqrt(mul(tensor(x), -1)),
              roots.map((root) => -root),
              { relative: 0 },
            );
            expect(roots.every((root, i) => i === 0 || root >= roots[i - 1]!)).toBe(true);
            await expectClose(signedSqrt(tensor(x.map((value) => value * Math.abs(value))), { epsilon: 0 }), x);
          },
        ),
        { seed: 7, numRuns: 25 },
      ));
  });

  describe('gradient', () => {
    it('is 1/(2√(|x| + ε)) (spec 9.2)', async () => {
      const x = seededTensor([3, 4], 'x');
      const values = await x.data();
      await expectClose(
        gradientOf()(x),
        numericGradient((at) => at.reduce((total, value) => total + oracle(value), 0), values, 1e-6),
      );
      await expectClose(
        gradientOf(0.1)(x),
        [...values].map((value) => 0.5 / Math.sqrt(Math.abs(value) + 0.1)),
      );
    });

    it('is 0 at 0 and finite next to it, for ε = 0 too (spec 9.2)', async () => {
      await expectClose(gradientOf()(tensor([0, -0, 1])), [0, 0, 0.5]);
      await expectClose(gradientOf(0)(tensor([0, -0, 4])), [0, 0, 0.25]);
      await expectClose(gradientOf()(tensor([1e-20, -1e-20])), [5e3, 5e3]);
    });

    it('is that of plain operations', async () => {
      const x = tensor([0.3, -2, 0, 5, -1e-5]);
      const plain = (at: Tensor): Tensor => sum(mul(sign(at), sqrt(add(abs(at), 1e-8))));
      await expectClose(gradientOf()(x), await grad(plain)(x).data());
    });

    it('has a gradient of its own', async () => {
      // (√x)″ = −1/4 x^(−3/2)
      const outer = grad((x: Tensor) => sum(gradientOf()(x)))(tensor([4, -4]));
      await expectClose(outer, [-1 / 32, 1 / 32]);
    });
  });

  describe('rejects', () => {
    it.each([-1e-8, Number.NaN, Infinity])('ε = %f', (epsilon) =>
      expectCovpoolError(
        () => signedSqrt(tensor([1]), { epsilon }),
        'bad-argument',
        /signedSqrt: epsilon must be a number from 0 on/,
      ),
    );
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([2, 3], 'memory');
      await expectNoLeak(() => signedSqrt(x).dispose());
      await expectNoLeak(() => gradientOf()(x).dispose());
    });
  });
});
