import { isqrtCov, matrixPowerCov, mpaSqrtCov, useEngine } from 'covpool';
import { eigen, type Matrix, scale, seededValues, times, toMatrix, transpose } from '@covpool/testing';
import type { Tensor } from '@tensorflow/tfjs-core';
import { conditioned } from './features.ts';
import { derivatives, gradientError, gradientOf, valueError } from './measure.ts';

/** A way to a square root, and how far its value and gradient are from those of the true root. */
export interface PrecisionRow {
  name: string;
  errors: { value: number; gradient: number }[];
}

export const conditions = [1e2, 1e4, 1e6, 1e8, 1e10, 1e12];

const SIDE = 16;

const svd = (gradient: 'k-matrix' | 'taylor' | 'pade' | 'exact', precision: 'single' | 'double') => (x: Tensor) =>
  matrixPowerCov(x, { gradient, precision, small: 'floor' });

const ways: [string, (x: Tensor) => Tensor][] = [
  ['SVD float32, K as published', svd('k-matrix', 'single')],
  ['SVD float32, Padé', svd('pade', 'single')],
  ['SVD float32, exact rule', svd('exact', 'single')],
  ['SVD float64, K as published', svd('k-matrix', 'double')],
  ['SVD float64, Taylor', svd('taylor', 'double')],
  ['SVD float64, Padé', svd('pade', 'double')],
  ['SVD float64, exact rule', svd('exact', 'double')],
  ['Newton–Schulz, N = 5, float32', (x) => isqrtCov(x)],
  ['Newton–Schulz, N = 15, float32', (x) => isqrtCov(x, { iterations: 15 })],
  ['MPA, float32', (x) => mpaSqrtCov(x)],
];

/** On the wasm engine: float32 against float64 as the condition of the covariance grows. */
export async function precisionTable(): Promise<PrecisionRow[]> {
  await useEngine('wasm');
  const rows: PrecisionRow[] = ways.map(([name]) => ({ name, errors: [] }));
  for (const condition of conditions) {
    const x = conditioned(condition, 64, SIDE);
    const expected = trueRoot(x);
    const w = toMatrix(seededValues(SIDE * SIDE, 'weights'), SIDE);
    const along = derivatives(trueRoot, x, w, 0.01 / Math.sqrt(condition));
    for (const [i, [, compute]] of ways.entries()) {
      rows[i]!.errors.push({
        value: await valueError(compute, x, expected),
        gradient: gradientError(await gradientOf(compute, x, w), along),
      });
    }
  }
  return rows;
}

function trueRoot(rows: Matrix): Matrix {
  const mean = rows[0]!.map((_, j) => rows.reduce((sum, row) => sum + row[j]!, 0) / rows.length);
  const x = rows.map((row) => row.map((value, j) => value - mean[j]!));
  const { values, vectors } = eigen(scale(times(transpose(x), x), 1 / x.length));
  const scaled = vectors.map((row) => row.map((value, k) => value * Math.sqrt(Math.max(values[k]!, 0))));
  return times(scaled, transpose(vectors));
}
