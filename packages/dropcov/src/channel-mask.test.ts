import { describeEngines, expectClose, expectNoLeak } from '@covpool/testing';
import { grad, mul, ones, scalar, sum, type Tensor, type Tensor2D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { channelMask } from './channel-mask.ts';

const valuesOf = async (mask: Tensor2D): Promise<number[]> => Array.from<number>(await mask.data());

describeEngines('channelMask', () => {
  describe('values', () => {
    it('are 0 or 1/(1−ρ)', async () => {
      const mask = channelMask(3, 40, scalar(0.75), 4);
      expect(mask.shape).toEqual([3, 40]);
      expect([...new Set(await valuesOf(mask))].sort()).toEqual([0, 4]);
    });

    it('are 1 at rate 0, and 0 at rate 1', async () => {
      await expectClose(channelMask(2, 50, scalar(0), 1), new Array<number>(100).fill(1), { relative: 0 });
      await expectClose(channelMask(2, 50, scalar(1), 1), new Array<number>(100).fill(0), { relative: 0 });
    });
  });

  describe('properties', () => {
    it('drops as often as the rate says, independently in every image and channel', async () => {
      const [images, channels] = [200, 100];
      for (const rate of [0.1, 0.5, 0.9]) {
        const values = await valuesOf(channelMask(images, channels, scalar(rate), 9));
        const dropped: number[] = values.map((value) => (value === 0 ? 1 : 0));
        const total = dropped.reduce((p, q) => p + q, 0);
        const variance = rate * (1 - rate);
        // Binomial(n, ρ) has deviation √(nρ(1−ρ)); five of them.
        const n = images * channels;
        expect(Math.abs(total - n * rate)).toBeLessThan(5 * Math.sqrt(n * variance));
        // The products of neighbours' deviations have mean 0 and variance (ρ(1−ρ))² if neighbours are independent.
        for (const distance of [1, channels]) {
          let product = 0;
          for (let i = distance; i < n; i++) product += (dropped[i]! - rate) * (dropped[i - distance]! - rate);
          expect(Math.abs(product)).toBeLessThan(5 * variance * Math.sqrt(n));
        }
      }
    });

    it('is a function of the seed, and drops more at a higher rate', async () => {
      const mask = async (rate: number, seed: number) =>
        (await valuesOf(channelMask(4, 64, scalar(rate), seed))).map((value) => value > 0);
      expect(await mask(0.5, 3)).toEqual(await mask(0.5, 3));
      expect(await mask(0.5, 3)).not.toEqual(await mask(0.5, 4));
      const [low, high] = [await mask(0.3, 3), await mask(0.6, 3)];
      expect(high.every((kept, i) => !kept || low[i])).toBe(true);
    });
  });

  describe('gradient', () => {
    it('is none: the mask is a constant to what uses it', async () => {
      const loss = (rate: Tensor) => sum(mul(channelMask(2, 20, rate as ReturnType<typeof scalar>, 5), rate));
      const rate = scalar(0.5);
      const total = (await valuesOf(channelMask(2, 20, rate, 5))).reduce((p, q) => p + q, 0);
      await expectClose(grad(loss)(rate), [total]);
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [x, rate] = [ones([2, 8]), scalar(0.5)];
      await expectNoLeak(() => channelMask(2, 8, rate, 1).dispose());
      await expectNoLeak(() => grad((f: Tensor) => sum(mul(f, channelMask(2, 8, rate, 1))))(x).dispose());
    });
  });
});
