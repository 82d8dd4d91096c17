import { timesTransposed, transposed } from '@covpool/core';
import { type Precision, symmetricEigen } from './symmetric-eigen.ts';

/**
 * The eigenvalues of a positive semi-definite d×d matrix, descending, with the unit eigenvectors as rows [r,d]. The d − r
 * directions that are left out are its kernel: to them `values[r]` belongs, if there are any.
 */
export interface Spectrum {
  d: number;
  rank: number;
  /** r values, and one more for the kernel if r < d. */
  values: Float64Array;
  vectors: Float64Array;
}

/** What happens to eigenvalues that are as good as zero. */
export interface SmallEigenvalues {
  /** The limit, given the largest eigenvalue, up to which eigenvalues belong to the kernel; absent: all are kept. */
  cut?: (largest: number) => number;
  /** What eigenvalues, the kernel's too, are raised to at least; absent: they stay as they are. */
  floor?: number;
  /** So many eigenvalues are kept, the others set to the floor; absent: all. */
  top?: number;
}

/** The spectrum of a symmetric matrix. */
export function spectrumOfMatrix(
  matrix: ArrayLike<number>,
  d: number,
  small: SmallEigenvalues,
  precision?: Precision,
): Spectrum {
  const { values, vectors } = symmetricEigen(matrix, d, precision);
  const rank = countAbove(values, small.cut?.(values[0]!) ?? -Infinity);
  return { d, rank, values: raised(values, rank, d, small), vectors: vectors.subarray(0, rank * d) };
}

/**
 * The spectrum of the covariance of M rows (or of their second moment, without centring), computed from the cheaper of the
 * d×d matrix and the M×M one: with K = X̄X̄ᵀ/M = VΛVᵀ, the eigenvectors are `X̄ᵀ v_i / √(M λ_i)`.
 *
 * What is not above the floor, or is a zero that rounding made a number of, belongs to the kernel: the rows have no part in its
 * directions. Kept, the rounding in X̄u ≈ 0 would meet the K of equal eigenvalues, up to 1e31, in the gradient.
 *
 * @param rows the (centred) rows X̄ [M,d]
 */
export function spectrumOfRows(rows: Float64Array, count: number, d: number, small: SmallEigenvalues): Spectrum {
  const wide = count < d;
  const { values, vectors } = wide
    ? symmetricEigen(outerProducts(rows, count, d), count)
    : symmetricEigen(innerProducts(rows, count, d), d);
  const { rank, kept } = keptOfRows(values, d, small);
  if (!wide) return { d, rank, values: kept, vectors: vectors.subarray(0, rank * d) };

  const turned = timesTransposed(vectors.subarray(0, rank * count), transposed(rows, count, d), rank, d, count);
  for (let k = 0; k < rank; k++) {
    const factor = 1 / Math.sqrt(count * values[k]!);
    for (let at = k * d; at < (k + 1) * d; at++) turned[at]! *= factor;
  }
  return { d, rank, values: kept, vectors: turned };
}

/** How many of the descending eigenvalues of a covariance of rows count, and what becomes of them and of the kernel's. */
export function keptOfRows(
  values: Float64Array,
  d: number,
  small: SmallEigenvalues,
): { rank: number; kept: Float64Array } {
  const noise = d * Number.EPSILON * values[0]!;
  const rank = countAbove(values, Math.max(small.cut?.(values[0]!) ?? 0, small.floor ?? 0, noise));
  return { rank, kept: raised(values, rank, d, small) };
}

/** How many of the descending values are above a limit; those that are no numbers count, so that they show. */
function countAbove(values: Float64Array, limit: number): number {
  const beyond = values.findIndex((value) => value <= limit);
  return beyond < 0 ? values.length : beyond;
}

/** The values of the first `rank` directions, then the kernel's if there is one. */
function raised(values: Float64Array, rank: number, d: number, { floor = -Infinity, top = d }: SmallEigenvalues) {
  return Float64Array.from({ length: Math.min(rank + 1, d) }, (_, k) =>
    k < top ? Math.max(k < rank ? values[k]! : 0, floor) : floor,
  );
}

/** The rows less their mean, in float64. The sum of equal float32 rows is exact: they come out as zeros. */
export function centredRows(x: ArrayLike<number>, count: number, d: number): Float64Array {
  const rows = new Float64Array(x);
  const sums = new Float64Array(d);
  for (let m = 0, at = 0; m < count; m++) for (let j = 0; j < d; j++, at++) sums[j]! += rows[at]!;
  for (let m = 0, at = 0; m < count; m++) for (let j = 0; j < d; j++, at++) rows[at]! -= sums[j]! / count;
  return rows;
}

/** `XᵀX/M` of rows [M,d]. */
export function innerProducts(x: Float64Array, count: number, d: number): Float64Array {
  const columns = transposed(x, count, d);
  return timesTransposed(columns, columns, d, d, count).map((sum) => sum / count);
}

/** `XXᵀ/M` of rows [M,d]. */
const outerProducts = (x: Float64Array, count: number, d: number): Float64Array =>
  timesTransposed(x, x, count, count, d).map((sum) => sum / count);
