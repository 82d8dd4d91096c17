import { expectNoLeak } from '@covpool/testing';
import { engine, type NamedTensorMap, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { computeOn, describeKinds, operand } from '../against-cpu.fixture.ts';

type Order = 'rows' | 'columns';

const run = (name: string, input: string, x: Tensor, order: Order): Tensor =>
  engine().runKernel(name, { [input]: x } as unknown as NamedTensorMap, { order }) as Tensor;
const vectorize = (a: Tensor, order: Order): Tensor => run('TriuVectorize', 'a', a, order);
const scatter = (v: Tensor, order: Order): Tensor => run('TriuScatter', 'v', v, order);

/** Place by place. */
function expectedVector(values: number[], d: number, order: Order): number[] {
  const pairs = Array.from({ length: d }, (_, i) =>
    Array.from({ length: d - i }, (__, j) => [i, i + j] as const),
  ).flat();
  if (order === 'columns') pairs.sort(([i, j], [k, l]) => j - l || i - k);
  const all = Array.from({ length: values.length / d ** 2 }, (_, b) =>
    pairs.map(([i, j]) => values[b * d * d + i * d + j]!),
  );
  return all.flat().map(Math.fround);
}

describeKinds(() => {
  describe.each(['rows', 'columns'] as const)('values, order %s', (order) => {
    it.each([1, 2, 5, 18])('d = %i', async (d) => {
      const a = operand([3, d, d], 'a');
      const vector = await computeOn('wasm', (x) => vectorize(x!, order), [a]);
      expect(Array.from(vector.values)).toEqual(expectedVector(a.values, d, order));
      const back = await computeOn('wasm', (x) => scatter(vectorize(x!, order), order), [a]);
      const upper = a.values.map((value, i) => (Math.floor(i / d) % d <= i % d ? Math.fround(value) : 0));
      expect(back).toEqual({ shape: [3, d, d], values: Float32Array.from(upper) });
    });
  });

  describe('memory', () => {
    it('leaks no tensor', async () => {
      const a = tensor([1, 2, 3, 4], [1, 2, 2]);
      await expectNoLeak(() => vectorize(a, 'rows').dispose());
      const v = tensor([[1, 2, 3]]);
      await expectNoLeak(() => scatter(v, 'rows').dispose());
    });
  });
});
