import { covariance } from '@covpool/covariance';
import { describeEngines, expectClose, expectCovpoolError, expectNoLeak, seededTensor } from '@covpool/testing';
import { grad, mul, ones, sum, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { dropUniformChannels } from './drop-uniform-channels.ts';

describeEngines('dropUniformChannels', () => {
  describe('values', () => {
    it.each([
      [1, ['010101', '101010']],
      [2, ['001001', '010010', '100100']],
    ])('at interval %i are %o, at every position and not scaled (spec 6.4)', async (interval, expected) => {
      const words = new Set<string>();
      for (let seed = 0; seed < 40; seed++) {
        const kept = dropUniformChannels(ones([2, 2, 2, 6]), { interval, seed });
        expect(kept.shape).toEqual([2, 4, 6]);
        const text = [...(await kept.data())].join('');
        words.add(text.slice(0, 6));
        expect(text).toBe(text.slice(0, 6).repeat(8));
      }
      expect([...words].sort()).toEqual(expected);
    });
  });

  describe('properties', () => {
    it('leave zero rows and columns in the covariance, the rest as it was', async () => {
      const x = seededTensor([1, 9, 6], 'x');
      const plain = await covariance(x).data();
      const kept = [...(await dropUniformChannels(ones([1, 1, 6]), { seed: 4 }).data())];
      const expected = Array.from(plain, (value, i) => value * kept[Math.floor(i / 6)]! * kept[i % 6]!);
      await expectClose(covariance(dropUniformChannels(x, { seed: 4 })), expected);
    });
  });

  describe('gradient', () => {
    it('is the mask', async () => {
      const [x, weights] = [seededTensor([2, 3, 5], 'x'), seededTensor([2, 3, 5], 'weights')];
      const loss = (v: Tensor) => sum(mul(dropUniformChannels(v, { seed: 2 }), weights));
      await expectClose(grad(loss)(x), await dropUniformChannels(weights, { seed: 2 }).data(), { relative: 0 });
    });
  });

  describe('rejects', () => {
    it('intervals that are none and vectors', async () => {
      await expectCovpoolError(
        () => dropUniformChannels(zeros([1, 3, 3]), { interval: 0 }),
        'bad-argument',
        /dropUniformChannels: interval must be a positive whole number, got 0/,
      );
      await expectCovpoolError(
        () => dropUniformChannels(zeros([3, 3])),
        'bad-argument',
        /dropUniformChannels: features must be/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([2, 3, 5], 'x');
      await expectNoLeak(() => dropUniformChannels(x).dispose());
      await expectNoLeak(() => grad((v: Tensor) => sum(dropUniformChannels(v)))(x).dispose());
    });
  });
});
