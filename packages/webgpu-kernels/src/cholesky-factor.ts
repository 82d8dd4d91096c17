import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatch, output } from './program.ts';
import type { RecordingBackend } from './webgpu-backend.ts';

/**
 * Column by column: each thread has some rows, and finds the pivot beside its own number. A column is stored as a row too, where
 * neighbouring threads read neighbours.
 */
const CODE = `
fn run(group: u32, thread: u32) {
  let d = sizes.d;
  let at = group * d * d;
  for (var j = 0u; j < d; j++) {
    for (var i = j + thread; i < d; i += THREADS) {
      var rest = a[at + i * d + j];
      var pivot = a[at + j * d + j] + sizes.epsilon;
      for (var k = 0u; k < j; k++) {
        let other = l[at + k * d + j];
        rest -= l[at + k * d + i] * other;
        pivot -= other * other;
      }
      let root = select(sqrt(pivot), sizes.raised, pivot <= sizes.epsilon);
      if (i == j) {
        l[at + j * d + j] = root;
      } else {
        let value = rest / root;
        l[at + i * d + j] = value;
        l[at + j * d + i] = value;
      }
    }
    storageBarrier();
  }
  if (sizes.logarithm == 1u) {
    for (var i = thread; i < d; i += THREADS) { l[at + i * d + i] = 2.0 * log(l[at + i * d + i]); }
  }
}
`;

/** The diagonal of a factor where the pivot was raised. */
export const raisedRoot = (epsilon: number): number => Math.sqrt(Math.fround(epsilon));

/** The threads of a group that has one matrix of side d. */
export const choleskyThreads = (d: number): number => (d <= 64 ? 64 : 256);

/**
 * The Cholesky factors L of `A + εI` [B,d,d], pivots below ε raised to it, in one dispatch, a group a matrix: d³/6 multiply-adds.
 * Above the diagonal stands Lᵀ. With `logarithm` the diagonal is `2 log L_ii`.
 */
export function choleskyFactors(
  backend: RecordingBackend,
  a: TensorInfo,
  epsilon: number,
  logarithm = false,
): TensorInfo {
  const [batch, d] = a.shape as [number, number];
  const l = output(backend, a.shape);
  const sizes = { d, logarithm: Number(logarithm) };
  const scalars = { epsilon, raised: raisedRoot(epsilon) };
  const program = { label: 'CholeskyFactor', threads: choleskyThreads(d), code: CODE };
  dispatch(backend, program, { reads: { a }, writes: { l }, sizes, scalars, groups: d === 0 ? 0 : batch });
  return l;
}
