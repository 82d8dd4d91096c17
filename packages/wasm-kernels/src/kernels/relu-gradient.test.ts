import { expectCovpoolError, expectNoLeak } from '@covpool/testing';
import { engine, mul, step, tensor, tidy } from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { computeOn, describeKinds, operand } from '../against-cpu.fixture.ts';

const kernel = (dy: Tensor, y: Tensor): Tensor =>
  engine().runKernel('ReluGrad', { dy, y } as unknown as NamedTensorMap);

describeKinds(() => {
  describe('values', () => {
    it.each([[[1]], [[3, 5]], [[4, 4]], [[2, 3, 0]], [[1031]]])('those of the composed form: %j', async (shape) => {
      const operands = [operand(shape, 'dy'), operand(shape, 'y')];
      const actual = await computeOn('wasm', (dy, y) => kernel(dy!, y!), operands);
      const expected = await computeOn('cpu', (dy, y) => mul(dy!, step(y!)), operands);
      expect(Array.from(actual.values, (value) => value + 0)).toEqual(
        Array.from(expected.values, (value) => value + 0),
      );
      expect(actual.shape).toEqual(shape);
    });

    it('nothing where y is 0 or no number, whatever dy is', async () => {
      const dx = kernel(tensor([Infinity, 2, 3, 4, NaN, 6]), tensor([0, -0, NaN, 1, -1, 2]));
      expect(Array.from(await dx.data())).toEqual([0, 0, 0, 4, 0, 6]);
    });
  });

  describe('rejects', () => {
    it('shapes that differ', () =>
      expectCovpoolError(
        () => kernel(tensor([1, 2]), tensor([1])),
        'bad-argument',
        /reluGrad: .* one shape .* got \[2\] and \[1\]/,
      ));
  });

  describe('memory', () => {
    it('leaks no tensor', () => {
      const [dy, y] = [tensor([1, 2]), tensor([10, 20])];
      return expectNoLeak(() => tidy(() => void kernel(dy, y)));
    });
  });
});
