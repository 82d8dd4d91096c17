import { checkArgument } from '@covpool/base';
import { BatchMatMul, broadcast_util, util } from '@tensorflow/tfjs-core';
import type { BatchMatMulAttrs, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmPrimitives } from '../primitives.ts';
import { wasmKernel } from './registration.ts';
import type { Inputs } from './registration.ts';

/** a[…,m,k] · b[…,k,n], each side optionally stored transposed; leading dimensions broadcast. */
export const batchMatMulKernel = wasmKernel(BatchMatMul, batchMatMul);

function batchMatMul(primitives: WasmPrimitives, { a, b }: Inputs<'a' | 'b'>, attrs: BatchMatMulAttrs): TensorInfo {
  const { transposeA, transposeB } = attrs;
  checkArgument(
    a.dtype === 'float32' && b.dtype === 'float32',
    () => `matMul: wasm multiplies float32 matrices, got ${a.dtype} and ${b.dtype}; cast them`,
  );
  const [m, k] = sides(a.shape, transposeA);
  const [inner, n] = sides(b.shape, transposeB);
  checkArgument(
    inner === k,
    () =>
      `matMul: inner sizes must match, got [${a.shape}]${transposeA ? 'ᵀ' : ''} and [${b.shape}]${
        transposeB ? 'ᵀ' : ''
      }`,
  );
  const batchA = a.shape.slice(0, -2);
  const batchB = b.shape.slice(0, -2);
  const batch = broadcast_util.assertAndGetBroadcastShape(batchA, batchB);
  const out = primitives.output(batch.concat(m, n));
  const count = util.sizeFromShape(batch);
  if (count * m * n === 0) return out;

  const left = primitives.address(a);
  const right = primitives.address(b);
  const to = primitives.address(out);
  if (count === 1 || (!transposeA && util.sizeFromShape(batchB) === 1)) {
    primitives.gemm(left, right, to, count * m, n, k, attrs);
    return out;
  }
  const fromA = batchOffsets(batchA, batch, m * k);
  const fromB = batchOffsets(batchB, batch, k * n);
  for (let index = 0; index < count; ++index) {
    primitives.gemm(left + fromA(index), right + fromB(index), to + 4 * index * m * n, m, n, k, attrs);
  }
  return out;
}

function sides(shape: readonly number[], transposed: boolean): [number, number] {
  const rows = shape.at(-2)!;
  const columns = shape.at(-1)!;
  return transposed ? [columns, rows] : [rows, columns];
}

/** The byte offset of a batch's matrix in an operand whose batch dimensions are broadcast to `batch`. */
function batchOffsets(own: number[], batch: number[], matrix: number): (index: number) => number {
  if (util.arraysEqual(own, batch)) return (index) => 4 * index * matrix;
  const padded = [...Array<number>(batch.length - own.length).fill(1), ...own];
  return (index) => {
    let rest = index;
    let offset = 0;
    let step = matrix;
    for (let axis = batch.length - 1; axis >= 0; --axis) {
      if (padded[axis] !== 1) offset += (rest % batch[axis]!) * step;
      step *= padded[axis]!;
      rest = Math.floor(rest / batch[axis]!);
    }
    return 4 * offset;
  };
}
