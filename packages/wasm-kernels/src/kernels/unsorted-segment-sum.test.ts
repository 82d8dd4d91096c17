import { expectCovpoolError, expectNoLeak } from '@covpool/testing';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { gather, grad, mul, sum, tensor, tensor1d, unsortedSegmentSum } from '@tensorflow/tfjs-core';
import type { Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { computeOn, describeKinds, expectLikeCpu, operand } from '../against-cpu.fixture.ts';

const ids = [2, 0, -1, 2, 5, 1, 0];
const summed =
  (segments: number) =>
  (x: Tensor): Tensor =>
    unsortedSegmentSum(x, tensor1d(ids, 'int32'), segments);

describeKinds(() => {
  describe('values', () => {
    it.each([
      [[7], 4],
      [[7, 3], 6],
      [[7, 2, 5], 3],
      [[7, 8], 1],
      [[7, 0], 2],
    ] as const)(
      'like cpu: %j into %i',
      (
        shape,
        segments, // prettier-ignore
      ) => expectLikeCpu(summed(segments), [operand([...shape], 'x')]),
    );

    it('adds integers up in float32, as cpu does', async () => {
      const operands = [{ shape: [7], values: [1, 2, 3, 4, 5, 6, 7] }];
      const run = (x: Tensor): Tensor =>
        unsortedSegmentSum(tensor(operands[0]!.values, x.shape, 'int32'), tensor1d(ids, 'int32'), 6);
      expect(Array.from((await computeOn('wasm', run, operands)).values)).toEqual([9, 6, 5, 0, 0, 5]);
    });
  });

  describe('properties', () => {
    it('keeps the total of the rows whose id is in range', async () => {
      const x = operand([7, 1], 'x');
      const { values } = await computeOn('wasm', summed(6), [x]);
      const kept = x.values.filter((_, row) => ids[row]! >= 0).reduce((a, b) => a + b);
      expect(Array.from(values).reduce((a, b) => a + b)).toBeCloseTo(kept, 5);
    });
  });

  describe('gradient', () => {
    it('of gather, which it makes possible on wasm', async () => {
      const indices = tensor1d([1, 1, 3], 'int32');
      const run = (x: Tensor, weights: Tensor): Tensor =>
        grad((v: Tensor) => sum(mul(gather(v as Tensor1D, indices), weights)))(x);
      const { values } = await computeOn('wasm', run, [
        operand([4, 2], 'x'),
        { shape: [3, 2], values: [1, 2, 3, 4, 5, 6] },
      ]);
      expect(Array.from(values)).toEqual([0, 0, 4, 6, 0, 0, 5, 6]);
    });
  });

  describe('rejects', () => {
    it('ids of another length', () => {
      const run = (): unknown => unsortedSegmentSum(tensor([1, 2]), tensor1d([0], 'int32'), 1);
      return expectCovpoolError(run, 'bad-argument', /int32 segmentIds \[2\]/);
    });
  });

  describe('memory', () => {
    it('leaks no tensor', () => {
      const x = tensor([1, 2, 3, 4, 5, 6, 7]);
      const segmentIds = tensor1d(ids, 'int32');
      return expectNoLeak(() => unsortedSegmentSum(x, segmentIds, 3).dispose());
    });
  });
});
