import { batchNormOracle, describeEngines, expectClose, expectNoLeak, seededTensor } from '@covpool/testing';
import { add, grads, mean, mul, sum, tensor, type Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { batchNormTraining } from './batch-norm-training.ts';

const oracle = (x: ArrayLike<number>, scale: number[], offset: number[], epsilon: number) =>
  batchNormOracle({ x: Array.from(x), scale, offset }, epsilon);

const scaleValues = [0.5, 1, 2];
const offsetValues = [-1, 0, 3];
const vector = (values: number[]) => tensor(values) as Tensor1D;

describeEngines('batchNormTraining', () => {
  describe('values', () => {
    it('normalises by the biased statistics of the batch', async () => {
      const x = seededTensor([4, 3, 5, 3], 'bn');
      const { y, mean: mu, variance } = batchNormTraining(x, vector(scaleValues), vector(offsetValues));
      const expected = oracle(await x.data(), scaleValues, offsetValues, 1e-5);
      await expectClose(y, expected.y);
      await expectClose(mu, expected.mean);
      await expectClose(variance, expected.variance);
    });

    it('takes any number of leading axes', async () => {
      const x = seededTensor([7, 3], 'bn2');
      const { y } = batchNormTraining(x, vector(scaleValues), vector(offsetValues));
      await expectClose(y, oracle(await x.data(), scaleValues, offsetValues, 1e-5).y);
    });
  });

  describe('properties', () => {
    it('gives scale and offset as deviation and mean of its output', async () => {
      const x = seededTensor([64, 3], 'bn3');
      const { y } = batchNormTraining(x, vector(scaleValues), vector(offsetValues), { epsilon: 0 });
      const { mean: mu, variance } = oracle(await y.data(), scaleValues, offsetValues, 0);
      await expectClose(tensor(mu), offsetValues);
      await expectClose(tensor(variance.map(Math.sqrt)), scaleValues);
    });

    it('does not change when the input moves by a constant', async () => {
      const x = seededTensor([32, 3], 'bn4');
      const moved = tidy(() => batchNormTraining(add(x, 100), vector(scaleValues), vector(offsetValues)).y);
      const still = batchNormTraining(x, vector(scaleValues), vector(offsetValues)).y;
      // Near 100 a float32 is known to 2^-18; divided by the deviation, about 1, and multiplied by the scale, at most 2.
      await expectClose(moved, await still.data(), { relative: 8 * 2 ** -18 });
    });
  });

  describe('gradient', () => {
    it('is the derivative of the definition, by central differences in float64', async () => {
      const x = seededTensor([2, 3, 2, 3], 'bn5');
      const weights = seededTensor([2, 3, 2, 3], 'bn6');
      const w = await weights.data();
      const loss = (values: number[], scale: number[], offset: number[]) =>
        oracle(values, scale, offset, 1e-5).y.reduce((total, value, i) => total + value * w[i]!, 0);
      const [dx, dscale, doffset] = grads((a: Tensor, b: Tensor, c: Tensor) =>
        sum(mul(batchNormTraining(a, b as Tensor1D, c as Tensor1D).y, weights)),
      )([x, vector(scaleValues), vector(offsetValues)]);
      const values = [...(await x.data())];
      const slope = (f: (delta: number) => number) => (f(1e-5) - f(-1e-5)) / 2e-5;
      const nudge = (list: number[], i: number, delta: number) => list.map((v, j) => (i === j ? v + delta : v));
      await expectClose(
        dx!,
        values.map((_, i) => slope((d) => loss(nudge(values, i, d), scaleValues, offsetValues))),
      );
      await expectClose(
        dscale!,
        scaleValues.map((_, i) => slope((d) => loss(values, nudge(scaleValues, i, d), offsetValues))),
      );
      await expectClose(
        doffset!,
        offsetValues.map((_, i) => slope((d) => loss(values, scaleValues, nudge(offsetValues, i, d)))),
      );
    });
  });

  describe('rejects', () => {
    it('nothing that has channels: one position gives offset, and a zero gradient', async () => {
      const x = seededTensor([1, 3], 'bn7');
      await expectClose(batchNormTraining(x, vector(scaleValues), vector(offsetValues)).y, offsetValues);
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [x, scale, offset] = [seededTensor([4, 3], 'bn8'), vector(scaleValues), vector(offsetValues)];
      await expectNoLeak(() => {
        const { y, mean: mu, variance } = batchNormTraining(x, scale, offset);
        for (const output of [y, mu, variance]) output.dispose();
      });
      await expectNoLeak(() => {
        const gradients = grads((a: Tensor, b: Tensor, c: Tensor) =>
          mean(batchNormTraining(a, b as Tensor1D, c as Tensor1D).y),
        )([x, scale, offset]);
        expect(gradients).toHaveLength(3);
        for (const gradient of gradients) gradient.dispose();
      });
    });
  });
});
