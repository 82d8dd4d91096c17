import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  numericGradient,
  seededTensor,
  seededValues,
} from '@covpool/testing';
import {
  add,
  grads,
  mean,
  mul,
  rsqrt,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
  type Tensor1D,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { layerNormalization } from './layer-normalization.ts';

const [ROWS, CHANNELS] = [6, 5];

/** The published formula in float64, row by row. */
function oracle(x: number[], scale: number[], offset: number[], epsilon: number): number[] {
  const channels = scale.length;
  return x.map((value, i) => {
    const row = x.slice(i - (i % channels), i - (i % channels) + channels);
    const mu = row.reduce((p, q) => p + q, 0) / channels;
    const variance = row.reduce((p, q) => p + (q - mu) ** 2, 0) / channels;
    return ((value - mu) / Math.sqrt(variance + epsilon)) * scale[i % channels]! + offset[i % channels]!;
  });
}

const x = seededValues(ROWS * CHANNELS, 'x').map((value) => 3 * value + 2);
const scale = seededValues(CHANNELS, 'scale');
const offset = seededValues(CHANNELS, 'offset');
const of = (values: number[], shape = [2, 3, CHANNELS], epsilon = 1e-5): Tensor =>
  layerNormalization(tensor(values, shape), tensor(scale) as Tensor1D, tensor(offset) as Tensor1D, { epsilon });

/** The same by TensorFlow.js's operations one by one. */
const naive = (v: Tensor, s: Tensor, o: Tensor): Tensor => {
  const centred = sub(v, mean(v, -1, true));
  return add(mul(mul(centred, rsqrt(add(mean(square(centred), -1, true), 1e-5))), s), o);
};

describeEngines('layerNormalization', () => {
  describe('values', () => {
    it('are the formula in float64, for every rank', async () => {
      for (const shape of [
        [6, 5],
        [2, 3, 5],
        [1, 2, 3, 5],
      ]) {
        await expectClose(of(x, shape), oracle(x, scale, offset, 1e-5));
      }
    });

    it('of two channels are ±1 but for ε', async () => {
      const y = layerNormalization(tensor([[3, 1]]), tensor([1, 1]) as Tensor1D, zeros([2]) as Tensor1D, {
        epsilon: 3,
      });
      await expectClose(y, [0.5, -0.5]);
    });
  });

  describe('properties', () => {
    it('do not see a constant added to a row, nor its scale where ε is 0', async () => {
      const other = x.map((value) => 7 * value - 3);
      // Rounding of the shifted row, some 20 times its spread.
      await expectClose(of(other, undefined, 0), await of(x, undefined, 0).data(), { relative: 1e-4 });
    });
  });

  describe('gradient', () => {
    const g = seededValues(x.length, 'cotangent');
    const cotangent = () => tensor(g, [2, 3, CHANNELS]);
    const loss = (f: typeof naive) => (v: Tensor, s: Tensor, o: Tensor) => sum(mul(f(v, s, o), cotangent()));
    const inputs = () => [tensor(x, [2, 3, CHANNELS]), tensor(scale), tensor(offset)];

    it('is that of central differences', async () => {
      const [dx, dscale, doffset] = grads(loss((v, s, o) => layerNormalization(v, s as Tensor1D, o as Tensor1D)))(
        inputs(),
      );
      const total = (v: number[], s: number[], o: number[]) =>
        oracle(v, s, o, 1e-5).reduce((p, q, i) => p + q * g[i]!, 0);
      await expectClose(
        dx!,
        numericGradient((v) => total(v, scale, offset), x),
      );
      await expectClose(
        dscale!,
        numericGradient((s) => total(x, s, offset), scale),
      );
      await expectClose(
        doffset!,
        numericGradient((o) => total(x, scale, o), offset),
      );
    });

    it('is that of the operations one by one', async () => {
      const own = grads(loss((v, s, o) => layerNormalization(v, s as Tensor1D, o as Tensor1D)))(inputs());
      const automatic = grads(loss(naive))(inputs());
      for (const [i, expected] of automatic.entries()) await expectClose(own[i]!, await expected.data());
    });
  });

  describe('rejects', () => {
    it('vectors, and scales of another length', async () => {
      const one = zeros([CHANNELS]) as Tensor1D;
      const rejects = (run: () => unknown) =>
        expectCovpoolError(run, 'bad-argument', /^layerNormalization: x must be \[\.\.\.,C\] of rank 2 or more/);
      await rejects(() => layerNormalization(one, one, one));
      await rejects(() => layerNormalization(zeros([2, 4]), one, one));
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns, with and without a gradient', async () => {
      const [v, s, o] = [seededTensor([2, 5], 'v'), zeros([5]), zeros([5])];
      const run = (a: Tensor, b: Tensor, c: Tensor) => layerNormalization(a, b as Tensor1D, c as Tensor1D);
      await expectNoLeak(() => run(v, s, o).dispose());
      await expectNoLeak(() => tidy(() => void grads((a, b, c) => sum(run(a!, b!, c!)))([v, s, o])));
    });
  });
});
