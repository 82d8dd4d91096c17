import { describeEngines, expectClose, expectNoLeak, numericGradient, seededTensor } from '@covpool/testing';
import { grad, mul, type Scalar, sum, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { GroupNorm } from './group-norm.ts';

/** Float64, one value at a time; weight 1, bias 0. */
function oracle(x: ArrayLike<number>, [batch, height, width, channels]: number[], groups: number): number[] {
  const y = Array.from(x);
  const size = channels! / groups;
  for (let b = 0; b < batch!; b++) {
    for (let g = 0; g < groups; g++) {
      const places: number[] = [];
      for (let p = 0; p < height! * width!; p++) {
        for (let c = 0; c < size; c++) places.push((b * height! * width! + p) * channels! + g * size + c);
      }
      const mean = places.reduce((total, i) => total + x[i]!, 0) / places.length;
      const variance = places.reduce((total, i) => total + (x[i]! - mean) ** 2, 0) / places.length;
      for (const i of places) y[i] = (x[i]! - mean) / Math.sqrt(variance + 1e-5);
    }
  }
  return y;
}

describeEngines('GroupNorm', () => {
  describe('values', () => {
    it.each([
      [[2, 3, 4, 6], 2, 2],
      [[1, 2, 2, 6], 4, 3],
      [[2, 1, 1, 4], 32, 4],
    ])('normalises the groups of %j, %d asked for, as the formula does', async (shape, groups, used) => {
      const x = seededTensor(shape, 'group-norm');
      const y = new GroupNorm({ groups }).apply(x) as Tensor;
      await expectClose(y, oracle(await x.data(), shape, used));
    });
  });

  describe('properties', () => {
    it('does not depend on what else is in the batch, nor on training', async () => {
      const layer = new GroupNorm({ groups: 2 });
      const [a, b] = [seededTensor([1, 2, 3, 4], 'a'), seededTensor([1, 2, 3, 4], 'b')];
      const both = tensor([...(await a.data()), ...(await b.data())], [2, 2, 3, 4]);
      const alone = await (layer.apply(a) as Tensor).data();
      const together = await (layer.apply(both, { training: true }) as Tensor).data();
      await expectClose(together.slice(0, 24), alone);
    });
  });

  describe('gradient', () => {
    it('agrees with central differences', async () => {
      const layer = new GroupNorm({ groups: 2 });
      const x = seededTensor([1, 2, 2, 4], 'gradient');
      const weights = seededTensor([1, 2, 2, 4], 'weights');
      const loss = (input: Tensor) => sum(mul(layer.apply(input) as Tensor, weights)) as Scalar;
      layer.apply(x);
      const w = await weights.data();
      const value = (values: number[]) => oracle(values, [1, 2, 2, 4], 2).reduce((total, y, i) => total + y * w[i]!, 0);
      await expectClose(grad(loss)(x), numericGradient(value, await x.data()), { relative: 1e-4 });
    });
  });

  describe('rejects', () => {
    it('groups that are none', () =>
      expect(() => new GroupNorm({ name: 'g', groups: 0 })).toThrow('g: groups must be a positive whole number'));
  });

  describe('memory', () => {
    it('leaks nothing', () => {
      const layer = new GroupNorm({ groups: 2 });
      const x = seededTensor([1, 2, 2, 4], 'leak');
      return expectNoLeak(() => (layer.apply(x) as Tensor).dispose());
    });
  });
});
