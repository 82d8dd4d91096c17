import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { setFlagsFromString } from 'node:v8';
import { seededValues } from '@covpool/testing';
import { abs, setBackend, tensor, tidy } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect } from 'vitest';
import type { BinaryKind } from './binary-kind.ts';
import { registerKind } from './register.ts';

// Node 20 has relaxed SIMD behind this flag, later versions always.
setFlagsFromString('--experimental-wasm-relaxed-simd');

export interface Operand {
  shape: number[];
  values: number[];
}

/** Seeded standard normal numbers of a shape. */
export function operand(shape: number[], ...key: (string | number)[]): Operand {
  const size = shape.reduce((product, extent) => product * extent, 1);
  return { shape, values: seededValues(size, ...key, ...shape) };
}

/** The same suite on both binaries. */
export function describeKinds(body: (kind: BinaryKind) => void): void {
  describe.each(['relaxed', 'plain'] as const)('%s', (kind) => {
    beforeAll(async () => {
      await setBackend('wasm');
      await registerKind(kind);
    });
    body(kind);
  });
}

interface Computed {
  shape: number[];
  values: ArrayLike<number>;
}

/** Runs an operation on a backend and leaves wasm as the current one. */
export async function computeOn(
  backend: 'cpu' | 'wasm',
  run: (...tensors: Tensor[]) => Tensor,
  operands: Operand[],
  absolute = false,
): Promise<Computed> {
  await setBackend(backend);
  const out = tidy(() => {
    const tensors = operands.map(({ values, shape }) => tensor(values, shape));
    return run(...(absolute ? tensors.map((x) => abs(x)) : tensors));
  });
  const values = await out.data();
  out.dispose();
  await setBackend('wasm');
  return { shape: out.shape, values };
}

/**
 * For operations linear in each operand, whose results are sums of products. The float32 error of such a sum is bounded by
 * its length times 2⁻²⁴ times the sum of the products' magnitudes, which the operation gives on the operands' magnitudes;
 * rounding errors cancel, so that 1e-5 in place of (length · 2⁻²⁴) holds far beyond the length of 168 where the bound ends.
 */
export async function expectLikeCpu(run: (...tensors: Tensor[]) => Tensor, operands: Operand[]): Promise<void> {
  const expected = await computeOn('cpu', run, operands);
  const scale = await computeOn('cpu', run, operands, true);
  const actual = await computeOn('wasm', run, operands);
  expect(actual.shape).toEqual(expected.shape);
  for (let i = 0; i < expected.values.length; i++) {
    const distance = Math.abs(actual.values[i]! - expected.values[i]!);
    if (!(distance <= 1e-5 * scale.values[i]!)) {
      expect.fail(`value ${i} of [${expected.shape}]: expected ${expected.values[i]}, got ${actual.values[i]}`);
    }
  }
}
