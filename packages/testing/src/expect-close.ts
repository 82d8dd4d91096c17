import { type Tensor } from '@tensorflow/tfjs-core';
import { expect } from 'vitest';
import { tolerance } from './tolerance.ts';

/**
 * Expects every value within `relative` times the largest expected magnitude (and at least `absolute`) of what is
 * expected. NaN and infinities are never close to anything.
 */
export async function expectClose(
  actual: Tensor | ArrayLike<number>,
  expected: ArrayLike<number>,
  { relative = tolerance(), absolute = relative === 0 ? 0 : 1e-7 }: { relative?: number; absolute?: number } = {},
): Promise<void> {
  const values = 'dataId' in actual ? await actual.data() : actual;
  expect(values.length).toBe(expected.length);
  let scale = 0;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]!));
  const limit = Math.max(relative * scale, absolute);
  for (let i = 0; i < expected.length; i++) {
    const distance = Math.abs(values[i]! - expected[i]!);
    if (!(distance <= limit)) {
      expect.fail(`value ${i}: expected ${expected[i]}, got ${values[i]}; differs by ${distance}, allowed ${limit}`);
    }
  }
}
