import {
  batchOf,
  flatten,
  type Matrix,
  numericGradient,
  scale,
  seededValues,
  times,
  toMatrix,
  transpose,
  triu,
} from '@covpool/testing';
import { grad, mul, sum, type Tensor, type Tensor3D } from '@tensorflow/tfjs-core';

/** The matrix of the specification: eigenvalues 3 and 1. */
export const S0: Matrix = [
  [2, 1],
  [1, 2],
];

/** A random positive semi-definite matrix with the given number of rows behind it. */
export function gram(d: number, rows: number, ...key: (string | number)[]): Matrix {
  const x = toMatrix(seededValues(rows * d, 'gram', d, rows, ...key), d);
  return scale(times(transpose(x), x), 1 / rows);
}

/** The symmetric matrix of an upper triangle. */
function fromUpper(upper: number[], d: number): Matrix {
  const full = Array.from({ length: d }, () => new Array<number>(d).fill(0));
  let k = 0;
  for (let i = 0; i < d; i++) for (let j = i; j < d; j++) full[i]![j] = full[j]![i] = upper[k++]!;
  return full;
}

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
  const loss = (upper: number[]): number =>
    flatten(oracle(fromUpper(upper, d))).reduce((total, value, i) => total + value * flatten(w)[i]!, 0);
  const gradient = grad((x: Tensor) => sum(mul(ours(x as Tensor3D), batchOf(w))))(batchOf(a));
  const full = toMatrix(await gradient.data(), d);
  const actual = triu(full.map((row, i) => row.map((value, j) => (i === j ? value : value + full[j]![i]!))));
  return { actual, expected: numericGradient(loss, triu(a)) };
}
