import {
  batchOf,
  eigen,
  frobenius,
  type Matrix,
  scale,
  seededMatrix,
  spectral,
  times,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { grad, mul, sum, type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { matrixPower } from './matrix-power.ts';
import type { MatrixPowerOptions } from './matrix-power-options.ts';

/** XᵀX of `rows` random vectors, of float32 numbers. */
export function gram(d: number, rows: number, ...key: string[]): Matrix {
  const x = seededMatrix(rows, d, 'gram', d, rows, ...key);
  return times(transpose(x), x).map((row) => row.map(Math.fround));
}

/** The power by Jacobi rotations. */
export function powerOracle(a: Matrix, { alpha = 0.5, epsilon = 0, norm = 'none' }: MatrixPowerOptions): Matrix {
  const limit = 2 ** (Math.floor(Math.log2(eigen(a).values[0]!)) - 23);
  const q = spectral(a, (value) => (value > limit ? (value + epsilon) ** alpha : 0));
  if (norm === 'm-fro') return scale(q, 1 / frobenius(q));
  return norm === 'm-l2' ? scale(q, 1 / eigen(q).values[0]!) : q;
}

/** The gradient of ⟨G, matrixPower(a)⟩. */
export async function gradientOf(a: Matrix, g: Matrix, options: MatrixPowerOptions): Promise<Matrix> {
  const gradient = tidy(() =>
    grad((x: Tensor) => sum(mul(matrixPower(x as Tensor3D, options), batchOf(g))))(batchOf(a)),
  );
  return toMatrix(await gradient.data(), a.length);
}
