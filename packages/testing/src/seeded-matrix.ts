import type { KeyPart } from '@covpool/base';
import { type Matrix, scale, spectral, times, toMatrix, transpose } from './matrix.ts';
import { symmetrise } from './pooling-oracles.ts';
import { seededValues } from './seeded-tensor.ts';

/** The matrix of the specification's examples: eigenvalues 3 and 1. */
export const S0: Matrix = [
  [2, 1],
  [1, 2],
];

/** A matrix of standard normal numbers that depend on the key alone. */
export const seededMatrix = (rows: number, columns: number, ...key: KeyPart[]): Matrix =>
  toMatrix(seededValues(rows * columns, ...key), columns);

/** The second moment [d,d] of so many random rows, `XᵀX/rows`. */
export function seededGram(d: number, rows: number, ...key: KeyPart[]): Matrix {
  const x = seededMatrix(rows, d, 'gram', d, rows, ...key);
  return scale(times(transpose(x), x), 1 / rows);
}

/** An orthogonal matrix, symmetric besides. */
export const seededOrthogonal = (d: number, ...key: KeyPart[]): Matrix =>
  spectral(symmetrise(seededMatrix(d, d, ...key)), (value) => Math.sign(value) || 1);
