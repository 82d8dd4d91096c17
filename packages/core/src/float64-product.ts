import { float64Routines } from './float64-routines.ts';

/**
 * `A Bᵀ` of rows [m,k] and [n,k] in float64, row by row [m,n]: m·n·k multiply-adds, by the engine's routine if it has one,
 * else four rows by two at a time, so that the sums stay in registers.
 */
export function timesTransposed(a: Float64Array, b: Float64Array, m: number, n: number, k: number): Float64Array {
  const routines = float64Routines();
  if (routines) return routines.timesTransposed(a, b, m, n, k);
  const out = new Float64Array(m * n);
  let i = 0;
  for (; i + 4 <= m; i += 4) {
    let j = 0;
    for (; j + 2 <= n; j += 2) block(a, b, out, i, j, n, k);
    for (; j < n; j++) for (let r = i; r < i + 4; r++) out[r * n + j] = dot(a, b, r * k, j * k, k);
  }
  for (; i < m; i++) for (let j = 0; j < n; j++) out[i * n + j] = dot(a, b, i * k, j * k, k);
  return out;
}

function block(a: Float64Array, b: Float64Array, out: Float64Array, i: number, j: number, n: number, k: number): void {
  let [p, q] = [i * k, j * k];
  let s00 = 0;
  let s01 = 0;
  let s10 = 0;
  let s11 = 0;
  let s20 = 0;
  let s21 = 0;
  let s30 = 0;
  let s31 = 0;
  for (let step = 0; step < k; step++, p++, q++) {
    const b0 = b[q]!;
    const b1 = b[q + k]!;
    const a0 = a[p]!;
    const a1 = a[p + k]!;
    const a2 = a[p + 2 * k]!;
    const a3 = a[p + 3 * k]!;
    s00 += a0 * b0;
    s01 += a0 * b1;
    s10 += a1 * b0;
    s11 += a1 * b1;
    s20 += a2 * b0;
    s21 += a2 * b1;
    s30 += a3 * b0;
    s31 += a3 * b1;
  }
  const at = i * n + j;
  out[at] = s00;
  out[at + 1] = s01;
  out[at + n] = s10;
  out[at + n + 1] = s11;
  out[at + 2 * n] = s20;
  out[at + 2 * n + 1] = s21;
  out[at + 3 * n] = s30;
  out[at + 3 * n + 1] = s31;
}

function dot(a: Float64Array, b: Float64Array, from: number, to: number, k: number): number {
  let sum = 0;
  for (let step = 0; step < k; step++) sum += a[from + step]! * b[to + step]!;
  return sum;
}

/** Aᵀ of rows [m,n]. */
export function transposed(a: ArrayLike<number>, m: number, n: number): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0, at = 0; i < m; i++) for (let j = 0; j < n; j++, at++) out[j * m + i] = a[at]!;
  return out;
}
