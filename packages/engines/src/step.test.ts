import { describeEngines } from '@covpool/testing';
import { step, tensor1d } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';

describeEngines('step', (engine) => {
  describe('values', () => {
    it('is the slope of ReLU, and NaN where that is', async () => {
      // The wasm backend and webgpu take the numbers that they cannot tell from 0, and NaN, for 0 or 1.
      const exact = engine === 'cpu' || engine === 'tensorflow';
      const x = [-Infinity, -2, -0, 0, ...(exact ? [1e-30] : []), 3, Infinity, ...(exact ? [NaN] : [])];
      const expected = x.map((value) => (Number.isNaN(value) ? NaN : Number(value > 0)));
      expect(Array.from(await step(tensor1d(x)).data())).toEqual(expected);
    });

    it('has a slope of its own below 0', async () =>
      expect(Array.from(await step(tensor1d([-1, 2]), 0.25).data())).toEqual([0.25, 1]));
  });
});
