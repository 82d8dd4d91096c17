import { expectNoLeak } from '@covpool/testing';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { avgPool, engine, grad, maxPool, mul, sum, tensor } from '@tensorflow/tfjs-core';
import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeOn, describeKinds, operand, type Operand } from '../against-cpu.fixture.ts';

interface Case {
  x: [number, number, number, number];
  window: number;
  stride: number;
  pad: 'same' | 'valid';
}

const pooled =
  (pool: typeof maxPool | typeof avgPool, { window, stride, pad }: Case) =>
  (x: Tensor): Tensor =>
    pool(x as Tensor4D, window, stride, pad);
const gradient =
  (pool: typeof maxPool | typeof avgPool, c: Case) =>
  (x: Tensor, dy: Tensor): Tensor =>
    grad((v: Tensor) => sum(mul(pooled(pool, c)(v), dy)))(x);

async function operands(c: Case) {
  const x = operand(c.x, 'x');
  return [x, operand((await computeOn('cpu', pooled(maxPool, c), [x])).shape, 'dy')];
}

async function expectLikeCpu(pool: typeof maxPool | typeof avgPool, c: Case): Promise<void> {
  const both = await operands(c);
  const expected = await computeOn('cpu', gradient(pool, c), both);
  const actual = await computeOn('wasm', gradient(pool, c), both);
  expect(actual.shape).toEqual(expected.shape);
  // At most window² numbers of size about 1 are added.
  const limit = c.window ** 2 * 4 * 2 ** -23;
  Array.from(expected.values).forEach((value, i) =>
    expect(Math.abs(actual.values[i]! - value)).toBeLessThanOrEqual(limit),
  );
}

const cases: Case[] = [
  { x: [2, 8, 8, 16], window: 3, stride: 2, pad: 'same' },
  { x: [1, 7, 9, 5], window: 2, stride: 2, pad: 'valid' },
  { x: [1, 5, 5, 3], window: 3, stride: 1, pad: 'same' },
  { x: [1, 6, 6, 4], window: 2, stride: 3, pad: 'valid' },
];

describeKinds(() => {
  describe('values', () => {
    it.each(cases)('of max pooling like cpu: %j', (c) => expectLikeCpu(maxPool, c));
    it.each(cases)('of average pooling like cpu where no window hangs over: %j', (c) =>
      expectLikeCpu(avgPool, { ...c, pad: 'valid' }),
    );

    it('gives a tie to the first', async () => {
      const c: Case = { x: [1, 2, 2, 1], window: 2, stride: 2, pad: 'valid' };
      const run = [{ shape: c.x, values: [3, 3, 3, 3] }, { shape: [1, 1, 1, 1], values: [7] }]; // prettier-ignore
      expect(Array.from((await computeOn('wasm', gradient(maxPool, c), run)).values)).toEqual([7, 0, 0, 0]);
    });
  });

  describe('properties', () => {
    it('max pooling agrees with cpu on any shape', () => {
      const size = fc.integer({ min: 3, max: 9 });
      const shape = fc.record({
        x: fc.tuple(fc.integer({ min: 0, max: 2 }), size, size, fc.integer({ min: 1, max: 9 })),
        window: fc.integer({ min: 1, max: 3 }),
        stride: fc.integer({ min: 1, max: 3 }),
        pad: fc.constantFrom<Case['pad']>('same', 'valid'),
      });
      return fc.assert(
        fc.asyncProperty(shape, (c) => expectLikeCpu(maxPool, c)),
        { numRuns: 30, seed: 4 },
      );
    });
  });

  describe('gradient', () => {
    it.each(cases)('of average pooling is its adjoint, at the edges too: ⟨pool(x), dy⟩ = ⟨x, dx⟩ for %j', async (c) => {
      const [x, dy] = (await operands(c)) as [Operand, Operand];
      const inner = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
        Array.from(a).reduce((total, value, index) => total + value * b[index]!, 0);
      const y = inner((await computeOn('wasm', pooled(avgPool, c), [x])).values, dy.values);
      const dx = inner((await computeOn('wasm', gradient(avgPool, c), [x, dy])).values, x.values);
      expect(Math.abs(y - dx)).toBeLessThan(1e-5 * Math.sqrt(dy.values.length));
    });
  });

  describe('memory', () => {
    it('leaks no tensor', () => {
      const [x, dy] = [tensor([1, 2, 3, 4], [1, 2, 2, 1]), tensor([1], [1, 1, 1, 1])];
      const attrs = { filterSize: [2, 2], strides: [2, 2], pad: 'valid' };
      const run = (name: string): Tensor => engine().runKernel(name, { dy, input: x, output: dy }, attrs);
      return expectNoLeak(() => [run('AvgPoolGrad'), run('MaxPoolGrad')].forEach((dx) => dx.dispose()));
    });
  });
});
