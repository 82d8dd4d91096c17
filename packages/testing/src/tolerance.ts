import type { EngineName } from '@covpool/engines';
import { getBackend } from '@tensorflow/tfjs-core';

/**
 * How far a float32 result may be from its float64 value, relative to the largest value of the result. A sum of n products
 * errs by about √n·2⁻²⁴ of its terms; the suites' sums have up to a thousand terms, some cancel by an order of magnitude.
 */
const tolerances: Record<EngineName, number> = {
  'tensorflow-gpu': 5e-5,
  webgpu: 5e-5,
  tensorflow: 2e-5,
  wasm: 2e-5,
  webgl: 5e-5,
  cpu: 2e-5,
};

/** The tolerance of the engine that is running. */
export function tolerance(): number {
  return tolerances[getBackend() as EngineName];
}
