import { describeEngines, expectClose, expectNoLeak, numericGradient, seededTensor } from '@covpool/testing';
import { add, grad, mean, mul, type Rank, sum, type Tensor, type Tensor3D } from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { withPositionMeans } from './position-means.ts';

const features = (m = 5, d = 3): Tensor3D => seededTensor<Rank.R3>([2, m, d], 'features');

describeEngines('withPositionMeans', () => {
  describe('values', () => {
    it.each([
      [5, 3],
      [1, 4],
      [9, 17],
    ])('are the rows and their means, %i positions, %i channels', async (m, d) => {
      const x = features(m, d);
      const { rows, means } = withPositionMeans(x);
      await expectClose(rows, await x.data(), { relative: 0 });
      await expectClose(means, await mean(x, 1).data());
    });
  });

  describe('properties', () => {
    it('leave the rows to whoever disposes of the features', async () => {
      const x = features();
      const values = Array.from(await x.data());
      const { rows } = withPositionMeans(x);
      x.dispose();
      await expectClose(rows, values, { relative: 0 });
    });
  });

  describe('gradient', () => {
    it('is that through rows and means together', async () => {
      const [x, p, q] = [features(), seededTensor([2, 5, 3], 'p'), seededTensor([2, 3], 'q')];
      const [ofRows, ofMeans] = [await p.data(), await q.data()];
      const loss = (values: number[]): number =>
        values.reduce((total, value, i) => {
          const channel = 3 * Math.floor(i / 15) + (i % 3);
          return total + value * (ofRows[i]! + ofMeans[channel]! / 5);
        }, 0);
      const gradient = grad((a: Tensor) => {
        const { rows, means } = withPositionMeans(a as Tensor3D);
        return add(sum(mul(rows, p)), sum(mul(means, q)));
      })(x);
      await expectClose(gradient, numericGradient(loss, await x.data()));
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = features();
      await expectNoLeak(() => Object.values(withPositionMeans(x)).forEach((part) => part.dispose()));
      await expectNoLeak(() => grad((a: Tensor) => sum(withPositionMeans(a as Tensor3D).means))(x).dispose());
    });
  });
});
