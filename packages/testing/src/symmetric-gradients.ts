import { grad, mul, sum, type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { batchOf } from './batch-of.ts';
import { expectClose } from './expect-close.ts';
import { flatten, fromTriu, inner, type Matrix, toMatrix, transpose, triu } from './matrix.ts';
import { numericGradient } from './numeric-gradient.ts';

/**
 * The gradient of `⟨W, f(A)⟩` along the entries of A's upper triangle, each of which moves its mirror image too: ours, and that
 * of a float64 oracle by central differences. Expects ours to be symmetric.
 */
export async function symmetricGradients(
  a: Matrix,
  w: Matrix,
  ours: (a: Tensor3D) => Tensor,
  oracle: (a: Matrix) => Matrix,
): Promise<{ actual: number[]; expected: number[] }> {
  const d = a.length;
  const gradient = tidy(() => grad((x: Tensor) => sum(mul(ours(x as Tensor3D), batchOf(w))))(batchOf(a)));
  const found = toMatrix(await gradient.data(), d);
  await expectClose(flatten(found), flatten(transpose(found)));
  return {
    actual: alongTriu(found),
    expected: numericGradient((upper) => inner(w, oracle(fromTriu(upper, d))), triu(a)),
  };
}

/** A symmetric gradient by the entries of a matrix as one by those of the upper triangle, each of which moves its mirror image too. */
export const alongTriu = (gradient: Matrix): number[] =>
  triu(gradient.map((row, i) => row.map((value, j) => (i === j ? value : 2 * value))));
