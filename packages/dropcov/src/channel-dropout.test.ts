import { describeEngines, expectClose, expectCovpoolError, expectNoLeak, seededTensor } from '@covpool/testing';
import { grad, ones, scalar, sum, type Tensor, type Tensor3D, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { channelDropout } from './channel-dropout.ts';

const one = (shape: [number, number, number]): Tensor3D => ones(shape);

describeEngines('channelDropout', () => {
  describe('values', () => {
    it('is zero or 1/(1−ρ), the same at every position', async () => {
      const [batch, positions, channels] = [3, 5, 40] as const;
      const values = await channelDropout(one([batch, positions, channels]), scalar(0.75), 4).data();
      const kinds = new Set<number>();
      for (let b = 0; b < batch; b++) {
        for (let c = 0; c < channels; c++) {
          const first = values[b * positions * channels + c]!;
          kinds.add(first);
          for (let m = 1; m < positions; m++) expect(values[(b * positions + m) * channels + c]).toBe(first);
        }
      }
      expect([...kinds].sort()).toEqual([0, 4]);
    });

    it('at rate 0 changes nothing, at rate 1 leaves nothing', async () => {
      const x = seededTensor<never>([2, 3, 50], 'x') as unknown as Tensor3D;
      await expectClose(channelDropout(x, scalar(0), 1), await x.data(), { relative: 0 });
      await expectClose(channelDropout(x, scalar(1), 1), new Array<number>(300).fill(0), { relative: 0 });
    });
  });

  describe('properties', () => {
    it('drops as often as the rate says, independently in every image and channel', async () => {
      const [images, channels] = [200, 100];
      for (const rate of [0.1, 0.5, 0.9]) {
        const values = await channelDropout(one([images, 1, channels]), scalar(rate), 9).data();
        const dropped = Array.from(values, (value) => (value === 0 ? 1 : 0) as number);
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
        Array.from(await channelDropout(one([4, 1, 64]), scalar(rate), seed).data(), (value) => value > 0);
      expect(await mask(0.5, 3)).toEqual(await mask(0.5, 3));
      expect(await mask(0.5, 3)).not.toEqual(await mask(0.5, 4));
      const [low, high] = [await mask(0.3, 3), await mask(0.6, 3)];
      expect(high.every((kept, i) => !kept || low[i])).toBe(true);
    });
  });

  describe('gradient', () => {
    it('is the mask', async () => {
      const rate = scalar(0.5);
      const x = one([2, 3, 20]);
      const gradient = grad((features: Tensor) => sum(channelDropout(features as Tensor3D, rate, 5)))(x);
      await expectClose(gradient, await channelDropout(x, rate, 5).data(), { relative: 0 });
    });
  });

  describe('rejects', () => {
    it('features that are not rows and rates that are not one number', async () => {
      await expectCovpoolError(
        () => channelDropout(zeros([2, 3]) as unknown as Tensor3D, scalar(0.5), 1),
        'bad-argument',
        /channelDropout: x must be \[B,M,d\] and rate one number, got \[2,3\] and \[\]/,
      );
      await expectCovpoolError(
        () => channelDropout(one([1, 2, 3]), zeros([3]), 1),
        'bad-argument',
        /got \[1,2,3\] and \[3\]/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [x, rate] = [one([2, 3, 8]), scalar(0.5)];
      await expectNoLeak(() => channelDropout(x, rate, 1).dispose());
      await expectNoLeak(() => grad((f: Tensor) => sum(channelDropout(f as Tensor3D, rate, 1)))(x).dispose());
    });
  });
});
