import { type KernelFunc, reshape, type Tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import { replaceKernel } from './replace-kernel.ts';
import { executeOnednn, hasOnednn } from './tensorflow-onednn.ts';
import { type Attribute, floatType, tensorflow } from './tensorflow-operation.ts';

/** Whether the left and whether the right side is transposed. */
type Transposed = [left: boolean, right: boolean];

/** The rows of a product, what is summed over, its columns. */
type Extents = [rows: number, inner: number, columns: number];

/**
 * Whether oneDNN multiplies quicker than TensorFlow's own routine. Time of that over oneDNN's, two cores with AVX2, matrices of the 1×1
 * convolutions of ResNets (196 to 25,088 pixels, 64 to 2048 channels):
 *
 * | product, and when            | channels of 2048 | 1024        | 512         | 256         | to 128                        |
 * | ---------------------------- | ---------------- | ----------- | ----------- | ----------- | ----------------------------- |
 * | x·w, by columns              | 1.3 to 1.45      | 1.05 to 1.2 | 0.9 to 1.1  | 0.9 to 1    | 0.8 to 1.2                    |
 * | dy·wᵀ, by columns            | 1.3 to 1.6       | 1.1 to 1.2  | 1 to 1.2    | 0.8 to 1.2  | 0.9 to 1.2                    |
 * | xᵀ·dy, both as many or more  | 1.3 to 1.4       | 1.2 to 1.4  | 0.75 to 0.8 | 0.6 to 1.1  | 1.1 to 2.2 where columns are  |
 */
export function isQuickerOnOnednn([rows, , columns]: Extents, [left, right]: Transposed): boolean {
  if (!hasOnednn()) return false;
  if (left && right) return false;
  if (left) return columns <= 128 || rows <= 64 || (Math.min(rows, columns) >= 512 && rows * columns >= 2 ** 19);
  return right ? columns >= 512 : columns >= 1024 && rows >= 512;
}

function extentsOf(left: Tensor, right: Tensor, transposed: Transposed): Extents {
  const [a, b] = [left.shape, right.shape] as [number[], number[]];
  const [rows, inner] = transposed[0] ? [a[1], a[0]] : [a[0], a[1]];
  return [rows!, inner!, b[transposed[1] ? 0 : 1]!];
}

/** The product of two matrices, in one operation. */
export function product(left: Tensor, right: Tensor, transposed: Transposed): Tensor {
  const { binding } = tensorflow();
  const flag = (name: string, value: boolean): Attribute => ({ name, type: binding.TF_ATTR_BOOL, value });
  const attributes = [floatType(), flag('transpose_a', transposed[0]), flag('transpose_b', transposed[1])];
  return isQuickerOnOnednn(extentsOf(left, right, transposed), transposed)
    ? executeOnednn('MatMul', attributes, [left, right])[0]!
    : tensorflow().executeSingleOutput('MatMul', attributes, [left, right]);
}
/** A transposed right side of so many numbers is worth a transposed result. */
const LARGE = 2 ** 19;

/**
 * With few rows on the left the library writes a transposed right side out again: the gradient by the features of a classifier of 32,896
 * features and 1,000 classes takes 97 ms with 4 rows, and 11 ms as Bᵀ = right · leftᵀ, of which the result is transposed.
 */
const batchMatMul =
  (released: KernelFunc): KernelFunc =>
  (call) => {
    const { a, b } = call.inputs as Record<'a' | 'b', Tensor>;
    const { transposeA, transposeB } = call.attrs as { transposeA: boolean; transposeB: boolean };
    const single = [a, b].every(({ shape, dtype, size }) => dtype === 'float32' && size > 0 && matrices(shape) === 1);
    const rows = a.size / (a.shape.at(transposeA ? -2 : -1) || 1);
    const columns = b.shape.at(-2)!;
    if (!single || !transposeB || b.size < LARGE || rows < 2 || rows > columns) return released(call);
    return tidy(() => {
      const [left, right] = [a, b].map((side) => reshape(side, side.shape.slice(-2))) as [Tensor, Tensor];
      const batch = Array.from<number>({ length: Math.max(a.rank, b.rank) - 2 }).fill(1);
      return reshape(transpose(product(right, left, [false, !transposeA])), [...batch, rows, columns]);
    });
  };

const matrices = (shape: number[]): number => shape.slice(0, -2).reduce((count, extent) => count * extent, 1);

/** Gives products of single matrices the quicker of two forms. */
export const registerProducts = (): void => replaceKernel('BatchMatMul', batchMatMul);
