import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  type Matrix,
  numericGradient,
  seededTensor,
  times,
  toMatrix,
} from '@covpool/testing';
import { grads, mul, type Rank, sum, type Tensor, type Tensor2D, type Tensor3D, zeros } from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { ecaAttention } from './eca-attention.ts';
import { seAttention } from './se-attention.ts';

const [POSITIONS, CHANNELS, HIDDEN] = [4, 6, 2];
const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));

const means = (values: ArrayLike<number>): number[] => {
  const rows = toMatrix(values, CHANNELS);
  return rows[0]!.map((_, c) => rows.reduce((total, row) => total + row[c]!, 0) / rows.length);
};

/** The definitions in float64, for one image. */
const ecaOracle = (values: ArrayLike<number>, taps: ArrayLike<number>): number[] => {
  const g = means(values);
  return g.map((_, c) => sigmoid(taps[0]! * (g[c - 1] ?? 0) + taps[1]! * g[c]! + taps[2]! * (g[c + 1] ?? 0)));
};
const seOracle = (values: ArrayLike<number>, squeeze: Matrix, excite: Matrix): number[] => {
  const hidden = times([means(values)], squeeze).map((row) => row.map((value) => Math.max(value, 0)));
  return times(hidden, excite)[0]!.map(sigmoid);
};

const features = () => seededTensor<Rank.R3>([1, POSITIONS, CHANNELS], 'features');
const kernel = () => seededTensor<Rank.R3>([3, 1, 1], 'taps');
const squeeze = () => seededTensor<Rank.R2>([CHANNELS, HIDDEN], 'squeeze');
const excite = () => seededTensor<Rank.R2>([HIDDEN, CHANNELS], 'excite');

describeEngines('ecaAttention and seAttention', () => {
  describe('values', () => {
    it('are those of the definitions, with a sigmoid (spec 6.4)', async () => {
      const values = await features().data();
      await expectClose(ecaAttention(features(), kernel()), ecaOracle(values, await kernel().data()));
      const [w1, w2] = [toMatrix(await squeeze().data(), HIDDEN), toMatrix(await excite().data(), CHANNELS)];
      await expectClose(seAttention(features(), squeeze(), excite()), seOracle(values, w1, w2));
    });
  });

  describe('properties', () => {
    it('are 1/2 for features of zero', async () => {
      const half = new Array<number>(CHANNELS).fill(0.5);
      const x = zeros([1, 2, 2, CHANNELS]);
      await expectClose(ecaAttention(x, kernel()), half, { relative: 0 });
      await expectClose(seAttention(x, squeeze(), excite()), half, { relative: 0 });
    });
  });

  describe('gradient', () => {
    it('is the derivative of the definitions, in features and weights', async () => {
      const [x, k, w1, w2] = [features(), kernel(), squeeze(), excite()];
      const weights = seededTensor([1, CHANNELS], 'loss');
      const targets = await weights.data();
      const total = (row: number[]) => row.reduce((sum, value, c) => sum + value * targets[c]!, 0);
      const [values, taps, first, second] = [
        [...(await x.data())],
        [...(await k.data())],
        [...(await w1.data())],
        [...(await w2.data())],
      ];
      const eca = grads((a: Tensor, b: Tensor) => sum(mul(ecaAttention(a, b as Tensor3D), weights)))([x, k]);
      await expectClose(
        eca[0]!,
        numericGradient((v) => total(ecaOracle(v, taps)), values),
      );
      await expectClose(
        eca[1]!,
        numericGradient((v) => total(ecaOracle(values, v)), taps),
      );
      const se = grads((a: Tensor, b: Tensor, c: Tensor) =>
        sum(mul(seAttention(a, b as Tensor2D, c as Tensor2D), weights)),
      )([x, w1, w2]);
      const oracle = (v: number[], p: number[], q: number[]) =>
        total(seOracle(v, toMatrix(p, HIDDEN), toMatrix(q, CHANNELS)));
      await expectClose(
        se[0]!,
        numericGradient((v) => oracle(v, first, second), values),
      );
      await expectClose(
        se[1]!,
        numericGradient((v) => oracle(values, v, second), first),
      );
      await expectClose(
        se[2]!,
        numericGradient((v) => oracle(values, first, v), second),
      );
    });
  });

  describe('rejects', () => {
    it('weights of other channels', async () => {
      await expectCovpoolError(
        () => ecaAttention(features(), zeros([5, 1, 1])),
        'bad-argument',
        /ecaAttention: the kernel must be \[3,1,1\], got \[5,1,1\]/,
      );
      await expectCovpoolError(
        () => seAttention(features(), zeros([4, 2]), zeros([2, 6])),
        'bad-argument',
        /seAttention: squeeze and excite must be \[6,h\] and \[h,6\], got \[4,2\] and \[2,6\]/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [x, k, w1, w2] = [features(), kernel(), squeeze(), excite()];
      await expectNoLeak(() => ecaAttention(x, k).dispose());
      await expectNoLeak(() => seAttention(x, w1, w2).dispose());
    });
  });
});
