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
 *
 * dy·wᵀ over 1024 channels gains 1.03 to 1.2 up to 3136 pixels, and loses beyond.
 */
export function isQuickerOnOnednn([rows, inner, columns]: Extents, [left, right]: Transposed): boolean {
  if (!hasOnednn()) return false;
  if (left && right) return false;
  if (left) return columns <= 128 || rows <= 64 || (Math.min(rows, columns) >= 512 && rows * columns >= 2 ** 19);
  if (right) return columns >= 512 || (inner >= 1024 && rows <= 4096);
  return columns >= 1024 && rows >= 512;
}

function extentsOf(left: Tensor, right: Tensor, transposed: Transposed): Extents {
  const [a, b] = [left.shape, right.shape] as [number[], number[]];
  const [rows, inner] = transposed[0] ? [a[1], a[0]] : [a[0], a[1]];
  return [rows!, inner!, b[transposed[1] ? 0 : 1]!];
}

/** The product of two matrices, in one operation. */
export function product(left: Tensor, right: Tensor, transposed: Transposed): Tensor {
  return isQuickerOnOnednn(extentsOf(left, right, transposed), transposed)
    ? onednnProduct(left, right, transposed)
    : tensorflow().executeSingleOutput('MatMul', attributesOf(transposed), [left, right]);
}

const onednnProduct = (left: Tensor, right: Tensor, transposed: Transposed): Tensor =>
  executeOnednn('MatMul', attributesOf(transposed), [left, right])[0]!;

function attributesOf(transposed: Transposed): Attribute[] {
  const { binding } = tensorflow();
  const flag = (name: string, value: boolean): Attribute => ({ name, type: binding.TF_ATTR_BOOL, value });
  return [floatType(), flag('transpose_a', transposed[0]), flag('transpose_b', transposed[1])];
}
/** A right side of so many numbers is worth another form. */
const LARGE = 2 ** 19;

/**
 * Products of few rows with a large side, as a classifier of 32,896 features and 1,000 classes has them. oneDNN takes 10 ms and 13 ms for
 * 4 pictures forward and back to the features. TensorFlow's own routine takes 12 ms forward, and 97 ms back, where it writes a transposed
 * right side out again; as Bᵀ = right · leftᵀ, of which the result is transposed, that takes 15 ms.
 */
const batchMatMul =
  (released: KernelFunc): KernelFunc =>
  (call) => {
    const { a, b } = call.inputs as Record<'a' | 'b', Tensor>;
    const { transposeA, transposeB } = call.attrs as { transposeA: boolean; transposeB: boolean };
    const single = [a, b].every(({ shape, dtype, size }) => dtype === 'float32' && size > 0 && matrices(shape) === 1);
    const rows = a.size / (a.shape.at(transposeA ? -2 : -1) || 1);
    const columns = b.shape.at(transposeB ? -2 : -1)!;
    if (!single || b.size < LARGE || rows < 2 || rows > columns) return released(call);
    if (!transposeB && !hasOnednn()) return released(call);
    return tidy(() => {
      const [left, right] = [a, b].map((side) => reshape(side, side.shape.slice(-2))) as [Tensor, Tensor];
      const batch = Array.from<number>({ length: Math.max(a.rank, b.rank) - 2 }).fill(1);
      const result = hasOnednn()
        ? onednnProduct(left, right, [transposeA, transposeB])
        : transpose(product(right, left, [false, !transposeA]));
      return reshape(result, [...batch, rows, columns]);
    });
  };

const matrices = (shape: number[]): number => shape.slice(0, -2).reduce((count, extent) => count * extent, 1);

/** Gives products of single matrices the quicker of two forms. */
export const registerProducts = (): void => replaceKernel('BatchMatMul', batchMatMul);
