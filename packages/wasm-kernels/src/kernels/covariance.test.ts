import { expectNoLeak } from '@covpool/testing';
import { engine, matMul, mean, mul, sub, tensor, transpose, add } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeOn, describeKinds, operand } from '../against-cpu.fixture.ts';

const kernel =
  (name: string, names: string[], centering: boolean) =>
  (...tensors: Tensor[]): Tensor =>
    (
      engine().runKernel(name, Object.fromEntries(names.map((key, i) => [key, tensors[i]!])), { centering }) as Tensor[]
    )[0]!;

const rows = (x: Tensor, centering: boolean): Tensor => (centering ? sub(x, mean(x, 1, true)) : x);

const forms = (centering: boolean) => ({
  forward: {
    ours: kernel('Covariance', ['x'], centering),
    plain: (x: Tensor): Tensor => mul(matMul(rows(x, centering), rows(x, centering), true), 1 / x.shape[1]!),
  },
  backward: {
    ours: kernel('CovarianceGradient', ['dy', 'x'], centering),
    plain: (dy: Tensor, x: Tensor): Tensor =>
      mul(matMul(rows(x, centering), add(dy, transpose(dy, [0, 2, 1]))), 1 / x.shape[1]!),
  },
});

/** Float32 sums of m products of numbers of size 1 err by some 2⁻²⁴·√m of it on either side. */
async function expectSame(batch: number, m: number, d: number): Promise<void> {
  for (const centering of [true, false]) {
    const { forward, backward } = forms(centering);
    const [x, dy] = [operand([batch, m, d], 'x'), operand([batch, d, d], 'dy')];
    for (const [{ ours, plain }, operands] of [
      [forward, [x]],
      [backward, [dy, x]],
    ] as const) {
      const found = await computeOn('wasm', ours, [...operands]);
      const expected = await computeOn('cpu', plain, [...operands]);
      expect(found.shape).toEqual(expected.shape);
      const size = Math.max(...Array.from(expected.values, Math.abs));
      for (let i = 0; i < expected.values.length; i++) {
        expect(Math.abs(found.values[i]! - expected.values[i]!)).toBeLessThanOrEqual(2e-6 * size + 1e-7);
      }
    }
  }
}

describeKinds(() => {
  describe('values and gradient', () => {
    // Around the tile (4×8), around what is packed at a time (192 positions), and one of each.
    const sides = [1, 3, 4, 7, 8, 9, 16, 21];
    const shapes = sides.flatMap((m) => sides.map((d) => [m, d] as const));

    it.each(shapes)('%i positions, %i channels, like cpu', (m, d) => expectSame(2, m, d));

    it.each([
      [191, 5],
      [192, 8],
      [193, 12],
      [400, 9],
      [5, 100],
    ])('%i positions, %i channels, like cpu', (m, d) => expectSame(1, m, d));
  });

  describe('properties', () => {
    it('agrees with cpu on any shape', () => {
      const side = fc.integer({ min: 1, max: 40 });
      return fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: 3 }), side, side, (batch, m, d) => expectSame(batch, m, d)),
        { numRuns: 20, seed: 1 },
      );
    });

    it('is symmetric to the bit', async () => {
      const { values } = await computeOn('wasm', forms(true).forward.ours, [operand([1, 50, 29], 'symmetric')]);
      for (let i = 0; i < 29; i++) for (let j = 0; j < i; j++) expect(values[i * 29 + j]).toBe(values[j * 29 + i]);
    });

    it('is zero to the bit for constant pictures', async () => {
      const constant = { shape: [1, 37, 9], values: new Array<number>(37 * 9).fill(Math.fround(0.1)) };
      const { values } = await computeOn('wasm', forms(true).forward.ours, [constant]);
      expect(new Set(Array.from(values))).toEqual(new Set([0]));
    });
  });

  describe('memory', () => {
    it('leaks no tensor', () => {
      const x = tensor([1, 2, 3, 4], [1, 2, 2]);
      return expectNoLeak(() => forms(true).forward.ours(x).dispose());
    });
  });
});
