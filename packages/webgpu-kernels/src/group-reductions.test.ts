import { expectClose, seededValues } from '@covpool/testing';
import { backend, engine, tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { groupMax, groupSum } from './group-reductions.ts';
import { describeForms } from './on-webgpu.fixture.ts';
import { dispatch, output } from './program.ts';
import { hasSubgroups } from './subgroups.ts';
import type { RecordingBackend } from './webgpu-backend.ts';

const recording = (): RecordingBackend => backend() as unknown as RecordingBackend;
const read = (info: TensorInfo) => engine().makeTensorFromTensorInfo(info).data();

/** What each thread of one group holds: the sum and the largest of all parts, and both of other parts right behind. */
async function reduce(parts: number[]) {
  const threads = parts.length;
  const results = ['sum', 'largest', 'nextSum', 'nextLargest'].map((name) => [name, output(recording(), [threads])]);
  const code = `
fn run(group: u32, thread: u32) {
  sum[thread] = groupSum(thread, x[thread]);
  nextSum[thread] = groupSum(thread, x[thread] * f32(thread));
  largest[thread] = groupMax(thread, abs(x[thread]));
  nextLargest[thread] = groupMax(thread, f32(thread));
}`;
  const program = { label: 'Reductions', threads, code, helpers: [groupSum, groupMax] };
  const writes = Object.fromEntries(results) as Record<string, TensorInfo>;
  dispatch(recording(), program, { reads: { x: tensor(parts) }, writes, groups: 1 });
  return Promise.all(Object.values(writes).map(read));
}

const total = (values: number[]): number => values.reduce((sum, value) => sum + value, 0);

describeForms('reductions over a group', (subgroups) => {
  it('are of the form that is tested', () => {
    expect(hasSubgroups(recording())).toBe(subgroups);
  });

  // One thread, fewer than a subgroup may have, and as many as the kernels use.
  describe.each([1, 2, 8, 64, 256])('of %i threads', (threads) => {
    it('give every thread the same', async () => {
      const parts = seededValues(threads, 'parts');
      const [sum, largest, nextSum, nextLargest] = (await reduce(parts)) as [Float32Array, ...Float32Array[]];
      for (const values of [sum, largest, nextSum, nextLargest]) expect(new Set(values).size).toBe(1);
      await expectClose(sum, new Array<number>(threads).fill(total(parts)));
      await expectClose(nextSum!, new Array<number>(threads).fill(total(parts.map((part, i) => part * i))));
      expect(largest![0]).toBe(Math.fround(Math.max(...parts.map(Math.abs))));
      expect(nextLargest![0]).toBe(threads - 1);
    });
  });
});
