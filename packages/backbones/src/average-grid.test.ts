import { describeEngines, expectClose, expectNoLeak, seededTensor } from '@covpool/testing';
import { grad, range, reshape, sum, type Tensor, transpose, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { AverageGrid } from './average-grid.ts';

const average = (x: Tensor, cells: number): Tensor => new AverageGrid({ cells }).apply(x) as Tensor;

describeEngines('AverageGrid', () => {
  describe('values', () => {
    it('are means over cells that may overlap, channel by channel', async () => {
      // Rows of a 3×3 map fall into cells 0–1 and 1–2 of two, as PyTorch's AdaptiveAvgPool2d(2) has it.
      const x = reshape(range(0, 9), [1, 3, 3, 1]);
      await expectClose(average(x, 2), [2, 3, 5, 6]);
      const two = transpose(reshape(range(0, 8), [1, 2, 2, 2]), [0, 3, 1, 2]);
      await expectClose(average(reshape(range(0, 8), [1, 2, 2, 2]), 2), await two.data());
    });

    it('repeat positions if the map is smaller than the grid', () =>
      expectClose(average(reshape(range(1, 5), [1, 2, 2, 1]), 4), [1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]));
  });

  describe('properties', () => {
    it('is the mean with one cell, whatever the size', async () => {
      const x = seededTensor([2, 5, 4, 3], 'x');
      const values = await x.data();
      const means = [0, 1].flatMap((b) =>
        [0, 1, 2].map((c) => Array.from({ length: 20 }, (_, p) => values[(b * 20 + p) * 3 + c]! / 20)),
      );
      await expectClose(
        average(x, 1),
        means.map((terms) => terms.reduce((p, q) => p + q)),
      );
      expect(new AverageGrid({ cells: 7 }).computeOutputShape([null, null, null, 512])).toEqual([null, 25_088]);
    });
  });

  describe('gradient', () => {
    it('is the share of each position', async () => {
      const gradient = grad((x: Tensor) => sum(average(x, 2)))(zeros([1, 3, 3, 1]));
      await expectClose(gradient, [0.25, 0.5, 0.25, 0.5, 1, 0.5, 0.25, 0.5, 0.25]);
    });
  });

  describe('memory', () => {
    it('leaks nothing', () =>
      expectNoLeak(() => {
        const x = zeros([1, 3, 3, 2]);
        average(x, 2).dispose();
        x.dispose();
      }));
  });
});
