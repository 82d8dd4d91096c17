import { CovpoolError } from '@covpool/base';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatch, output } from './program.ts';
import type { RecordingBackend } from './webgpu-backend.ts';

/** A row and a column are kept in workgroup memory. */
const MAX_SIDE = 1024;

const CODE = `
var<workgroup> row: array<f32, ${MAX_SIDE}>;
var<workgroup> column: array<f32, ${MAX_SIDE}>;
fn run(group: u32, thread: u32) {
  let d = sizes.d;
  for (var index = thread; index < d * d; index += THREADS) { inverse[index] = a[index]; }
  storageBarrier();
  for (var k = 0u; k < d; k++) {
    let pivot = inverse[k * d + k];
    for (var j = thread; j < d; j += THREADS) {
      row[j] = select(inverse[k * d + j], 1.0, j == k) / pivot;
      column[j] = inverse[j * d + k];
    }
    workgroupBarrier();
    for (var index = thread; index < d * d; index += THREADS) {
      let i = index / d;
      let j = index % d;
      let rest = select(inverse[index], 0.0, j == k) - column[i] * row[j];
      inverse[index] = select(rest, row[j], i == k);
    }
    storageBarrier();
    workgroupBarrier();
  }
}
`;

/**
 * The inverse of a matrix [d,d] by elimination without pivots, in one dispatch of one group: d³ multiply-adds. For a matrix whose
 * symmetric part is positive definite, which keeps the pivots from vanishing.
 */
export function inverseOf(backend: RecordingBackend, a: TensorInfo): TensorInfo {
  const d = a.shape.at(-1)!;
  if (d > MAX_SIDE) {
    throw new CovpoolError('unsupported', `inverse: sides up to ${MAX_SIDE} are possible on webgpu, got ${d}`);
  }
  const inverse = output(backend, a.shape);
  dispatch(
    backend,
    { label: 'Inverse', threads: 256, code: CODE },
    { reads: { a }, writes: { inverse }, sizes: { d }, groups: 1 },
  );
  return inverse;
}
