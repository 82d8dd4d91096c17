import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  numericGradient,
  seededValues,
} from '@covpool/testing';
import { grad, memory, mul, ones, sum, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { Gelu, gelu } from './gelu.ts';

/** erf by its Taylor series, right to 1e-9 for |x| ≤ 4, where terms of 2e6 cancel. */
function erf(x: number): number {
  let [term, total] = [x, x];
  for (let n = 1; n < 80; n++) {
    term *= (-x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

const oracle = (x: number): number => 0.5 * x * (1 + erf(x * Math.SQRT1_2));
const points = [-5, -3, -1, -0.5, -1e-3, 0, 1e-3, 0.5, 1, 3, 5];

describeEngines('gelu', () => {
  describe('values', () => {
    it('are x·Φ(x): 0.841345 at 1, −0.158655 at −1, 0 at 0', async () => {
      await expectClose(gelu(tensor([1, -1, 0])), [0.8413447, -0.1586553, 0]);
      await expectClose(gelu(tensor(points)), points.map(oracle));
    });
  });

  describe('properties', () => {
    it('differ by x between x and −x', async () => {
      const x = seededValues(50, 'gelu');
      const [up, down] = [await gelu(tensor(x)).data(), await gelu(tensor(x.map((v) => -v))).data()];
      await expectClose(
        Array.from(up, (value, i) => value - down[i]!),
        x,
      );
    });

    it('are x or nothing far from 0', async () => {
      await expectClose(gelu(tensor([-60, 60, -1e4, 1e4])), [0, 60, 0, 1e4]);
    });

    it('of the layer are the same, and keep the shape', async () => {
      const layer = new Gelu({ name: 'act' });
      expect(layer.computeOutputShape([null, 7, 3])).toEqual([null, 7, 3]);
      const y = layer.apply(tensor(points, [1, points.length])) as Tensor;
      await expectClose(y, points.map(oracle));
    });
  });

  describe('gradient', () => {
    it('is Φ(x) + x·φ(x), as by central differences', async () => {
      const g = seededValues(points.length, 'cotangent');
      const gradient = grad((x: Tensor) => sum(mul(gelu(x), tensor(g))))(tensor(points));
      const expected = numericGradient((x) => x.reduce((total, value, i) => total + g[i]! * oracle(value), 0), points);
      await expectClose(gradient, expected);
    });
  });

  describe('rejects', () => {
    it('whole numbers', () =>
      expectCovpoolError(() => gelu(ones([2], 'int32')), 'bad-argument', /^gelu: x must be float32, got int32/));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns, with and without a gradient', async () => {
      const x = tensor(points);
      await expectNoLeak(() => gelu(x).dispose());
      await expectNoLeak(() => tidy(() => void grad((v: Tensor) => sum(gelu(v)))(x)));
      const before = memory().numTensors;
      gelu(x).dispose();
      expect(memory().numTensors).toBe(before);
    });
  });
});
