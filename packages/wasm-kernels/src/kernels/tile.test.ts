import { expectNoLeak } from '@covpool/testing';
import { broadcastTo, tensor, tile } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeOn, describeKinds, operand } from '../against-cpu.fixture.ts';

async function expectSame(run: (x: Tensor) => Tensor, shape: number[]): Promise<void> {
  const x = [operand(shape, 'x')];
  expect(await computeOn('wasm', run, x)).toEqual(await computeOn('cpu', run, x));
}

describeKinds(() => {
  describe('values', () => {
    it.each([
      [[3], [4]],
      [
        [2, 3],
        [1, 1],
      ],
      [
        [2, 1, 3],
        [1, 5, 1],
      ],
      [
        [2, 3, 1],
        [3, 1, 7],
      ],
      [
        [2, 0],
        [3, 2],
      ],
      [
        [2, 2],
        [0, 2],
      ],
    ])('like cpu: %j by %j', (shape, reps) => expectSame((x) => tile(x, reps), shape));

    it('of booleans, one byte each', async () => {
      const run = (): Tensor => tile(tensor([true, false, true], [3, 1], 'bool'), [2, 3]);
      expect(await computeOn('wasm', run, [])).toEqual(await computeOn('cpu', run, []));
    });

    it('of broadcastTo', () => expectSame((x) => broadcastTo(x, [2, 5, 3]), [2, 1, 3]));
  });

  describe('properties', () => {
    it('agrees with cpu on any shape', () => {
      const axis = fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }));
      const run = (axes: [number, number][]): Promise<void> =>
        expectSame((x) => tile(x, axes.map(([, times]) => times)), axes.map(([extent]) => extent)); // prettier-ignore
      return fc.assert(fc.asyncProperty(fc.array(axis, { minLength: 1, maxLength: 4 }), run), { numRuns: 40, seed: 5 });
    });
  });

  describe('memory', () => {
    it('leaks no tensor', () => {
      const x = tensor([1, 2, 3, 4], [2, 2]);
      return expectNoLeak(() => tile(x, [3, 2]).dispose());
    });
  });
});
