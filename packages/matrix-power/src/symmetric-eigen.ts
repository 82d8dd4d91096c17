import { float64Routines } from '@covpool/core';

/** Eigenvalues in descending order; `vectors` has the unit eigenvector of `values[k]` as its row k. */
export interface SymmetricEigen {
  values: Float64Array;
  vectors: Float64Array;
}

/** What numbers are stored in between operations. */
export type Precision = 'double' | 'single';

/** More than enough for any symmetric matrix: two or three are usual. */
const MAX_STEPS_PER_VALUE = 60;

/**
 * The eigendecomposition of a symmetric d×d matrix: Householder reduction to tridiagonal form, then QL with
 * implicit shifts (Golub & Van Loan, ch. 8). In float64 unless told to store what it computes in float32; absolute error about
 * ε·‖A‖ for the ε of that. Each vector's largest entry is positive. Some 9 d³ multiply-adds, by
 * the engine's routine if it has one. Only the symmetric part of the
 * matrix counts.
 */
export function symmetricEigen(matrix: ArrayLike<number>, d: number, precision: Precision = 'double'): SymmetricEigen {
  const a = numbers(d * d, precision);
  for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) a[i * d + j] = (matrix[i * d + j]! + matrix[j * d + i]!) / 2;
  let scale = 0;
  for (const value of a) scale = Math.max(scale, Math.abs(value));
  if (scale > 0) for (let i = 0; i < a.length; i++) a[i]! /= scale;
  const routines = precision === 'double' ? float64Routines() : undefined;
  if (routines) {
    const { values, vectors } = routines.symmetricEigen(a as Float64Array, d);
    return sorted(values, vectors, d, scale || 1);
  }
  const { diagonal, off } = tridiagonalize(a, d, precision);
  iterateQl(diagonal, off, a, d, precision === 'double' ? Number.EPSILON : EPSILON_32);
  return sorted(diagonal, a, d, scale || 1);
}

type Numbers = Float32Array | Float64Array;

const EPSILON_32 = 2 ** -23;

const numbers = (length: number, precision: Precision): Numbers =>
  precision === 'double' ? new Float64Array(length) : new Float32Array(length);

/**
 * Overwrites A with Qᵀ such that Qᵀ A Q is tridiagonal: its diagonal, and beside it `off[i]` at (i, i+1). The reflections
 * `I − β v vᵀ` are kept in the columns below the diagonal until Q is put together.
 */
function tridiagonalize(a: Numbers, d: number, precision: Precision): { diagonal: Numbers; off: Numbers } {
  const [diagonal, off, betas, v, w] = Array.from({ length: 5 }, () => numbers(d, precision)) as [
    Numbers,
    Numbers,
    Numbers,
    Numbers,
    Numbers,
  ];
  for (let k = 0; k + 1 < d; k++) {
    let norm = 0;
    for (let i = k + 1; i < d; i++) norm += a[i * d + k]! ** 2;
    norm = Math.sqrt(norm);
    const head = a[(k + 1) * d + k]!;
    diagonal[k] = a[k * d + k]!;
    off[k] = head > 0 ? -norm : norm;
    if (norm === 0) continue;
    v.fill(0, 0, k + 1);
    for (let i = k + 1; i < d; i++) v[i] = a[i * d + k]!;
    v[k + 1]! -= off[k]!;
    const beta = 1 / (norm * (norm + Math.abs(head)));
    betas[k] = beta;
    reflectBothSides(a, d, k + 1, v, w, beta);
    for (let i = k + 1; i < d; i++) a[i * d + k] = v[i]!;
  }
  if (d > 0) diagonal[d - 1] = a[d * d - 1]!;
  assembleTransposed(a, betas, d);
  return { diagonal, off };
}

/** `A ← (I − β v vᵀ) A (I − β v vᵀ)` on rows and columns from `start`: `A − v wᵀ − w vᵀ`, w = β A v − (β²/2)(vᵀA v) v. */
function reflectBothSides(a: Numbers, d: number, start: number, v: Numbers, w: Numbers, beta: number): void {
  let inner = 0;
  for (let i = start; i < d; i++) {
    let sum = 0;
    for (let j = start, at = i * d + start; j < d; j++, at++) sum += a[at]! * v[j]!;
    w[i] = beta * sum;
    inner += w[i]! * v[i]!;
  }
  const half = (beta * inner) / 2;
  for (let i = start; i < d; i++) w[i]! -= half * v[i]!;
  for (let i = start; i < d; i++) {
    const vi = v[i]!;
    const wi = w[i]!;
    for (let j = start, at = i * d + start; j < d; j++, at++) a[at]! -= vi * w[j]! + wi * v[j]!;
  }
}

/** Turns the kept reflections into Qᵀ = H_{d−2} ⋯ H₀, from the last one on, so that each touches only its own corner. */
function assembleTransposed(a: Numbers, betas: Numbers, d: number): void {
  const v = betas.slice();
  const sums = betas.slice();
  for (let k = d - 1; k >= 0; k--) {
    const beta = betas[k]!;
    for (let i = k + 1; i < d; i++) {
      v[i] = a[i * d + k]!;
      a[i * d + k] = 0;
      a[k * d + i] = 0;
    }
    a[k * d + k] = 1;
    if (beta === 0) continue;
    // The corner below holds the transposed product so far, R: R ← R (I − β v vᵀ).
    for (let i = k + 1; i < d; i++) {
      let sum = 0;
      for (let j = k + 1, at = i * d + k + 1; j < d; j++, at++) sum += a[at]! * v[j]!;
      sums[i] = beta * sum;
    }
    for (let i = k + 1; i < d; i++) {
      const sum = sums[i]!;
      for (let j = k + 1, at = i * d + k + 1; j < d; j++, at++) a[at]! -= sum * v[j]!;
    }
  }
}

/** Diagonalises the tridiagonal matrix, turning the rows of Qᵀ into eigenvectors. */
function iterateQl(diagonal: Numbers, off: Numbers, rows: Numbers, d: number, epsilon: number): void {
  let size = 0;
  for (let l = 0; l < d; l++) {
    // Small against all that came before: absolute accuracy, so that the zeros of a singular matrix converge at once.
    size = Math.max(size, Math.abs(diagonal[l]!) + Math.abs(off[l]!));
    const negligible = epsilon * size;
    for (let step = 0; ; step++) {
      let m = l;
      while (m + 1 < d && Math.abs(off[m]!) > negligible) m++;
      if (m === l) break;
      if (step === MAX_STEPS_PER_VALUE) break;
      qlStep(diagonal, off, rows, d, l, m);
    }
  }
}

/** One implicitly shifted QL step on the block l…m. */
function qlStep(diagonal: Numbers, off: Numbers, rows: Numbers, d: number, l: number, m: number): void {
  const theta = (diagonal[l + 1]! - diagonal[l]!) / (2 * off[l]!);
  const root = Math.hypot(theta, 1);
  let g = diagonal[m]! - diagonal[l]! + off[l]! / (theta + (theta >= 0 ? root : -root));
  let [s, c, p] = [1, 1, 0];
  for (let i = m - 1; i >= l; i--) {
    const f = s * off[i]!;
    const b = c * off[i]!;
    const r = Math.hypot(f, g);
    off[i + 1] = r;
    if (r === 0) {
      diagonal[i + 1]! -= p;
      off[m] = 0;
      return;
    }
    s = f / r;
    c = g / r;
    g = diagonal[i + 1]! - p;
    const t = (diagonal[i]! - g) * s + 2 * c * b;
    p = s * t;
    diagonal[i + 1] = g + p;
    g = c * t - b;
    for (let k = 0, lower = i * d, upper = (i + 1) * d; k < d; k++, lower++, upper++) {
      const x = rows[lower]!;
      const y = rows[upper]!;
      rows[upper] = s * x + c * y;
      rows[lower] = c * x - s * y;
    }
  }
  diagonal[l]! -= p;
  off[l] = g;
  off[m] = 0;
}

function sorted(diagonal: Numbers, rows: Numbers, d: number, scale: number): SymmetricEigen {
  const order = Array.from(diagonal.keys()).sort((i, j) => diagonal[j]! - diagonal[i]!);
  const vectors = new Float64Array(d * d);
  for (const [k, i] of order.entries()) {
    const row = rows.subarray(i * d, (i + 1) * d);
    let largest = 0;
    for (const entry of row) if (Math.abs(entry) > Math.abs(largest)) largest = entry;
    for (let j = 0; j < d; j++) vectors[k * d + j] = largest < 0 ? -row[j]! : row[j]!;
  }
  return { values: Float64Array.from(order, (i) => diagonal[i]! * scale), vectors };
}
