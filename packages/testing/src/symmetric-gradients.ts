import { grad, mul, sum, type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { batchOf } from './batch-of.ts';
import { fromTriu, inner, type Matrix, toMatrix, triu } from './matrix.ts';
import { numericGradient } from './numeric-gradient.ts';

/**
 * The gradient of `⟨W, f(A)⟩` along the entries of A's upper triangle, each of which moves its mirror image too: ours, and that
 * of a float64 oracle by central differences.
 */
export async function symmetricGradients(
  a: Matrix,
  w: Matrix,
  ours: (a: Tensor3D) => Tensor,
  oracle: (a: Matrix) => Matrix,
): Promise<{ actual: number[]; expected: number[] }> {
  const d = a.length;
  const gradient = tidy(() => grad((x: Tensor) => sum(mul(ours(x as Tensor3D), batchOf(w))))(batchOf(a)));
  return {
    actual: alongTriu(toMatrix(await gradient.data(), d)),
    expected: numericGradient((upper) => inner(w, oracle(fromTriu(upper, d))), triu(a)),
  };
}

/** A gradient by the entries of a matrix as one by those of the upper triangle. */
export const alongTriu = (gradient: Matrix): number[] =>
  triu(gradient.map((row, i) => row.map((value, j) => (i === j ? value : value + gradient[j]![i]!))));
