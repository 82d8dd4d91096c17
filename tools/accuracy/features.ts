import { eigen, identity, type Matrix, seededValues, symmetrise, times, toMatrix, transpose } from '@covpool/testing';

/** Features [M,d] of float32 numbers whose covariance is of a certain kind. */
export interface FeatureKind {
  name: string;
  rows: Matrix;
}

const normal = (m: number, d: number, key: string): Matrix => toMatrix(seededValues(m * d, 'accuracy', key, m, d), d);

const single = (rows: Matrix): Matrix => rows.map((row) => row.map(Math.fround));

/** Features whose covariance has about this condition, its eigenvectors in general position. */
export function conditioned(condition: number, m: number, d: number): Matrix {
  const turn = eigen(symmetrise(normal(d, d, 'turn'))).vectors;
  const scaled = normal(m, d, 'condition').map((row) =>
    row.map((value, j) => value * condition ** (-j / (2 * (d - 1)))),
  );
  return single(times(scaled, transpose(turn)));
}

/** The kinds that the specification names. */
export function featureKinds(): FeatureKind[] {
  const rectified = (m: number, d: number): Matrix => normal(m, d, 'relu').map((row) => row.map((v) => Math.max(v, 0)));
  const units = identity(16);
  return [
    { name: 'random', rows: normal(64, 16, 'random') },
    { name: 'rank 195 of 256', rows: rectified(196, 256) },
    { name: 'rank 48 of 256', rows: rectified(49, 256) },
    { name: 'equal eigenvalues', rows: [...units, ...units.map((row) => row.map((value) => -value))] },
    { name: 'rank one', rows: single(times(normal(32, 1, 'left'), normal(1, 16, 'right'))) },
    { name: 'condition 1e12', rows: conditioned(1e12, 64, 16) },
    { name: 'zero', rows: Array.from({ length: 32 }, () => normal(1, 16, 'constant')[0]!) },
  ];
}
