import { memory } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';

/** Expects as many tensors after the call as before it. The first call may make what stays (caches, kernels). */
export async function expectNoLeak(run: () => unknown): Promise<void> {
  await run();
  const before = memory().numTensors;
  await run();
  expect(memory().numTensors).toBe(before);
}
