import { expectNoLeak } from '@covpool/testing';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { depthwiseConv2d, engine, mul, sum, tensor, tidy, valueAndGrads } from '@tensorflow/tfjs-core';
import type { NamedAttrMap, Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { computeOn, describeKinds, expectLikeCpu, operand } from '../against-cpu.fixture.ts';

interface Case {
  x: [number, number, number, number];
  kernel: [number, number];
  multiplier: number;
  stride: number;
  dilation?: number;
  pad: 'same' | 'valid';
}

async function expectGradientsLikeCpu({ x, kernel, multiplier, stride, dilation = 1, pad }: Case): Promise<void> {
  const filterShape = [...kernel, x[3], multiplier];
  const attrs = { strides: [stride, stride], dilations: [dilation, dilation], pad } as unknown as NamedAttrMap;
  const [input, filter] = [operand(x, 'x'), operand(filterShape, 'filter')];
  const forward = (a: Tensor, b: Tensor): Tensor =>
    depthwiseConv2d(a as Tensor4D, b as Tensor4D, stride, pad, 'NHWC', dilation);
  const dy = operand((await computeOn('cpu', forward, [input, filter])).shape, 'dy');
  const dx = (g: Tensor, f: Tensor): Tensor =>
    engine().runKernel('DepthwiseConv2dNativeBackpropInput', { dy: g, filter: f }, { ...attrs, inputShape: x });
  const dFilter = (a: Tensor, g: Tensor): Tensor =>
    engine().runKernel('DepthwiseConv2dNativeBackpropFilter', { x: a, dy: g }, { ...attrs, filterShape });
  // The cpu backend's input gradient ignores dilations.
  if (dilation === 1) await expectLikeCpu(dx, [dy, filter]);
  await expectLikeCpu(dFilter, [input, dy]);
}

describeKinds(() => {
  describe('values', () => {
    it.each<Case>([
      { x: [2, 7, 9, 5], kernel: [3, 3], multiplier: 1, stride: 1, pad: 'same' },
      { x: [1, 8, 8, 16], kernel: [3, 3], multiplier: 1, stride: 2, pad: 'same' },
      { x: [1, 8, 7, 3], kernel: [2, 4], multiplier: 3, stride: 2, pad: 'valid' },
      { x: [2, 5, 5, 1], kernel: [1, 1], multiplier: 1, stride: 3, pad: 'valid' },
      { x: [0, 5, 5, 4], kernel: [3, 3], multiplier: 1, stride: 1, pad: 'same' },
    ])('like cpu: %j', expectGradientsLikeCpu);
  });

  describe('properties', () => {
    it('agrees with cpu on any shape', () => {
      const size = fc.integer({ min: 4, max: 10 });
      const few = fc.integer({ min: 1, max: 4 });
      const shape = fc.record({
        x: fc.tuple(fc.integer({ min: 1, max: 2 }), size, size, fc.integer({ min: 1, max: 9 })),
        kernel: fc.tuple(few, few),
        multiplier: fc.integer({ min: 1, max: 2 }),
        stride: fc.integer({ min: 1, max: 3 }),
        pad: fc.constantFrom<Case['pad']>('same', 'valid'),
      });
      return fc.assert(fc.asyncProperty(shape, expectGradientsLikeCpu), { numRuns: 30, seed: 3 });
    });
  });

  describe('gradient', () => {
    it('through the tape, like cpu', async () => {
      const operands = [operand([1, 6, 6, 3], 'x'), operand([3, 3, 3, 1], 'f'), operand([1, 3, 3, 3], 'weights')];
      for (const index of [0, 1]) {
        const gradient = (x: Tensor, f: Tensor, weights: Tensor): Tensor =>
          valueAndGrads((a, b) => sum(mul(depthwiseConv2d(a as Tensor4D, b as Tensor4D, 2, 'same'), weights)))([x, f])
            .grads[index]!;
        await expectLikeCpu(gradient, operands);
      }
    });
  });

  describe('memory', () => {
    it('leaks no tensor', () => {
      const [x, f] = [tensor([1, 2, 3, 4], [1, 2, 2, 1]), tensor([1], [1, 1, 1, 1])];
      const run = (a: Tensor, b: Tensor): Tensor => sum(depthwiseConv2d(a as Tensor4D, b as Tensor4D, 1, 'same'));
      return expectNoLeak(() => tidy(() => void valueAndGrads(run as never)([x, f])));
    });
  });
});
