import { expectNoLeak } from '@covpool/testing';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { gather, grad, mul, sum, tensor, tensor1d } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeOn, describeKinds, expectLikeCpu, operand } from '../against-cpu.fixture.ts';

const taken =
  (indices: number[], axis: number) =>
  (x: Tensor): Tensor =>
    gather(x, tensor1d(indices, 'int32'), axis);

describeKinds(() => {
  describe('values', () => {
    it.each([
      [[5], 0],
      [[4, 7], 1],
      [[4, 7], 0],
      [[3, 5, 2], 1],
      [[3, 5, 2], -1],
      [[2, 3, 4, 5], 2],
    ] as const)('like cpu: %j along %i', (shape, axis) => {
      const last = shape.at(axis)! - 1;
      return expectLikeCpu(taken([last, 0, 1, 1, last], axis), [operand([...shape], 'x')]);
    });

    it('takes indices of any shape, and batches of them', async () => {
      const x = operand([2, 4, 3], 'x');
      const indices = [
        [3, 1],
        [0, 2],
      ];
      await expectLikeCpu((t) => gather(t, tensor(indices, [2, 2], 'int32'), 1), [x]);
      await expectLikeCpu((t) => gather(t, tensor(indices, [2, 2], 'int32'), 1, 1), [x]);
      await expectLikeCpu(
        (t) =>
          gather(
            t,
            tensor(
              [
                [0, 2, 1],
                [1, 1, 0],
              ],
              [2, 3],
              'int32',
            ),
            2,
            1,
          ),
        [x],
      );
    });

    it('takes integers and booleans as they are', async () => {
      const run = (dtype: 'int32' | 'bool') => () =>
        gather(tensor([1, 0, 1, 1], [2, 2], dtype), tensor1d([1], 'int32'), 1);
      expect(Array.from((await computeOn('wasm', run('int32'), [])).values)).toEqual([0, 1]);
      expect(Array.from((await computeOn('wasm', run('bool'), [])).values)).toEqual([0, 1]);
    });

    it('takes nothing', async () => {
      const { shape } = await computeOn('wasm', () => gather(tensor([1, 2]), tensor1d([], 'int32')), []);
      expect(shape).toEqual([0]);
    });
  });

  describe('properties', () => {
    it('agrees with cpu on any shape', () =>
      fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
          fc.nat(3),
          fc.array(fc.nat(59), { minLength: 1, maxLength: 8 }),
          (shape, place, wild) => {
            const axis = place % shape.length;
            return expectLikeCpu(
              taken(
                wild.map((i) => i % shape[axis]!),
                axis,
              ),
              [operand(shape, 'x')],
            );
          },
        ),
        { numRuns: 40, seed: 1 },
      ));
  });

  describe('gradient', () => {
    it('adds up where a slice was taken twice', async () => {
      const run = (x: Tensor): Tensor =>
        grad((v: Tensor) => sum(mul(taken([1, 1, 0], 1)(v), tensor([1, 2, 3, 4, 5, 6], [2, 3]))))(x);
      const { values } = await computeOn('wasm', run, [operand([2, 3], 'x')]);
      expect(Array.from(values)).toEqual([3, 3, 0, 6, 9, 0]);
    });
  });

  describe('rejects', () => {
    it.each([-1, 2])('index %i of 2', (index) => {
      expect(() => gather(tensor([1, 2]), tensor1d([index], 'int32'))).toThrow(/from 0 to 1/);
    });
  });

  describe('memory', () => {
    it('leaks no tensor', () => {
      const [x, indices] = [tensor([1, 2, 3]), tensor1d([2, 0], 'int32')];
      return expectNoLeak(() => gather(x, indices).dispose());
    });
  });
});
