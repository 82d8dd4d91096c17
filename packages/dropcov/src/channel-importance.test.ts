import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  numericGradient,
  seededTensor,
  seededValues,
  toMatrix,
} from '@covpool/testing';
import { grads, mul, sum, type Tensor, tensor3d, type Tensor3D, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { channelImportance } from './channel-importance.ts';

/** The definition in float64, for one image of rows [M,d]. */
function oracle(values: ArrayLike<number>, channels: number, taps: ArrayLike<number>): number[] {
  const rows = toMatrix(values, channels);
  const g = rows[0]!.map((_, c) => rows.reduce((total, row) => total + row[c]!, 0) / rows.length);
  const powers = g.map((_, c) => Math.exp(taps[0]! * (g[c - 1] ?? 0) + taps[1]! * g[c]! + taps[2]! * (g[c + 1] ?? 0)));
  const total = powers.reduce((p, q) => p + q, 0);
  return powers.map((value) => value / total);
}

const kernel = (taps: number[]) => tensor3d(taps, [3, 1, 1]);

describeEngines('channelImportance', () => {
  describe('values', () => {
    it('correlates neighbouring channels, the first tap with the channel before', async () => {
      const x = tensor3d([1, 2, 4, 3, 0, 0], [1, 2, 3]); // means 2, 1, 2
      for (const taps of [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
        [0.3, -0.5, 0.7],
      ]) {
        await expectClose(channelImportance(x, kernel(taps)), oracle([1, 2, 4, 3, 0, 0], 3, taps));
      }
    });

    it('takes feature maps, and treats every image by itself', async () => {
      const x = seededTensor([2, 2, 3, 5], 'map');
      const values = await x.data();
      const taps = [0.4, -0.2, 0.5];
      await expectClose(channelImportance(x, kernel(taps)), [
        ...oracle(values.slice(0, 30), 5, taps),
        ...oracle(values.slice(30), 5, taps),
      ]);
    });
  });

  describe('properties', () => {
    it('sums to 1, and is uniform for a kernel of zeros', async () => {
      const x = seededTensor([3, 4, 16], 'sum');
      await expectClose(sum(channelImportance(x, kernel([0.5, 1, -0.5])), 1), [1, 1, 1]);
      await expectClose(channelImportance(x, kernel([0, 0, 0])), new Array<number>(48).fill(1 / 16));
    });
  });

  describe('gradient', () => {
    it('is the derivative of the definition, in features and taps', async () => {
      const w = seededValues(6, 'weights');
      const [values, taps] = [seededValues(18, 'x'), [0.4, -0.2, 0.5]];
      const loss = (x: number[], k: number[]) => oracle(x, 6, k).reduce((total, v, i) => total + v * w[i]!, 0);
      const [dx, dk] = grads((x: Tensor, k: Tensor) => sum(mul(channelImportance(x, k as Tensor3D), w)))([
        tensor3d(values, [1, 3, 6]),
        kernel(taps),
      ]);
      await expectClose(
        dx!,
        numericGradient((x) => loss(x, taps), values),
      );
      await expectClose(
        dk!,
        numericGradient((k) => loss(values, k), taps),
      );
      expect(dk!.shape).toEqual([3, 1, 1]);
    });
  });

  describe('rejects', () => {
    it('other kernels and features', async () => {
      await expectCovpoolError(
        () => channelImportance(zeros([1, 2, 3]), zeros([5, 1, 1])),
        'bad-argument',
        /channelImportance: the kernel must be \[3,1,1\], got \[5,1,1\]/,
      );
      await expectCovpoolError(
        () => channelImportance(zeros([2, 3]), zeros([3, 1, 1])),
        'bad-argument',
        /channelImportance: features must be \[B,M,d\] or \[B,H,W,d\]/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [x, k] = [seededTensor([2, 3, 8], 'memory'), kernel([1, 2, 3])];
      await expectNoLeak(() => channelImportance(x, k).dispose());
      await expectNoLeak(() => {
        const both = grads((a: Tensor, b: Tensor) => sum(channelImportance(a, b as Tensor3D)))([x, k]);
        for (const gradient of both) gradient.dispose();
      });
    });
  });
});
