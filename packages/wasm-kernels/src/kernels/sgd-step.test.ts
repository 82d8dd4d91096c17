import { expectCovpoolError, expectNoLeak } from '@covpool/testing';
import { add, engine, mul, sub, tensor, tidy } from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { computeOn, describeKinds, operand } from '../against-cpu.fixture.ts';

const attrs = { lr: 0.1, momentum: 0.9, weightDecay: 0.01 };

const kernel = (weight: Tensor, gradient: Tensor, velocity: Tensor): Tensor[] =>
  engine().runKernel('SgdStep', { weight, gradient, velocity } as unknown as NamedTensorMap, attrs) as Tensor[];

function composed(weight: Tensor, gradient: Tensor, velocity: Tensor): Tensor[] {
  const next = add(mul(velocity, attrs.momentum), add(gradient, mul(weight, attrs.weightDecay)));
  return [sub(weight, mul(next, attrs.lr)), next];
}

describeKinds(() => {
  describe('values', () => {
    it.each([[[1]], [[3, 5]], [[4, 4]], [[2, 3, 0]], [[1031]]])('the bits of the composed form: %j', async (shape) => {
      const operands = ['w', 'g', 'v'].map((name) => operand(shape, name));
      for (const index of [0, 1]) {
        const [actual, expected] = [kernel, composed].map(
          (form) => () => computeOn('wasm', (w, g, v) => form(w!, g!, v!)[index]!, operands),
        );
        expect(await actual!()).toEqual(await expected!());
      }
    });
  });

  describe('properties', () => {
    it('overwrites what nobody else uses, and nothing else', async () => {
      const [weight, gradient, velocity] = [tensor([1, 2]), tensor([10, 20]), tensor([3, 4])];
      const copy = weight.clone();
      const [next, carried] = kernel(weight, gradient, velocity);
      expect(carried!.dataId).toBe(velocity.dataId);
      expect(next!.dataId).not.toBe(weight.dataId);
      expect(Array.from(await copy.data())).toEqual([1, 2]);
      expect(Array.from(await gradient.data())).toEqual([10, 20]);
      copy.dispose();
      expect(kernel(weight, gradient, velocity)[0]!.dataId).toBe(weight.dataId);
    });
  });

  describe('rejects', () => {
    it('shapes that differ', () =>
      expectCovpoolError(
        () => kernel(tensor([1, 2]), tensor([1]), tensor([1, 2])),
        'bad-argument',
        /sgdStep: .* one shape .* got \[2\], \[1\] and \[2\]/,
      ));
  });

  describe('memory', () => {
    it('leaks no tensor', () => {
      const [weight, gradient, velocity] = [tensor([1, 2]), tensor([10, 20]), tensor([3, 4])];
      return expectNoLeak(() => tidy(() => void kernel(weight, gradient, velocity)));
    });
  });
});
