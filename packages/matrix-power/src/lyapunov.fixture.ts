import {
  diagonal,
  type Matrix,
  frobenius,
  identity,
  minus,
  plus,
  scale,
  seededGram,
  spectral,
  symmetrise,
  times,
} from '@covpool/testing';
import { pade, sqrtSeries } from './pade.ts';
import { toNumber } from './rational.ts';

/** The published coefficients, in powers of z = 1 − a. */
const { p, q } = pade(sqrtSeries(11), 5, 5);
const taylor = sqrtSeries(11);

const at = (coefficients: typeof p, z: number): number =>
  coefficients.reduceRight((sum, value) => sum * z + toNumber(value), 0);

/** What MPA and MTP make of an eigenvalue a of A/‖A‖. */
export const scalarRoots = {
  mpa: (a: number): number => at(p, 1 - a) / at(q, 1 - a),
  mtp: (a: number): number => at(taylor, 1 - a),
  inverse: (a: number): number => at(q, 1 - a) / at(p, 1 - a),
};

/** `√n f(A/n)`, n the Frobenius norm. */
export function rootOracle(a: Matrix, f: (eigenvalue: number) => number): Matrix {
  const n = frobenius(a);
  return n === 0 ? a : scale(spectral(scale(a, 1 / n), f), Math.sqrt(n));
}

/** X of `S X + X S = G` by the published iteration from S/divisor, in float64. */
export function lyapunovOracle(s: Matrix, g: Matrix, iterations: number, divisor = frobenius(s)): Matrix {
  const three = scale(identity(s.length), 3);
  let [b, c] = [scale(s, 1 / divisor), scale(g, 1 / divisor)];
  for (let k = 0; k < iterations; k++) {
    const square = times(b, b);
    const step = minus(three, square);
    const next = plus(minus(times(c, step), times(square, c)), times(times(b, c), b));
    [c, b] = [scale(next, 0.5), scale(times(b, step), 0.5)];
  }
  return scale(c, 0.5);
}

/** The published gradient of MPA or MTP: the Lyapunov equation at their output. */
export function rootGradientOracle(a: Matrix, g: Matrix, f: (eigenvalue: number) => number, iterations = 8): Matrix {
  return lyapunovOracle(rootOracle(a, f), symmetrise(g), iterations, Math.sqrt(frobenius(a)));
}

/** The exact derivative of the square root. */
export const exactGradient = (a: Matrix, g: Matrix): Matrix =>
  lyapunovOracle(spectral(a, Math.sqrt), symmetrise(g), 60);

/** Eigenvalues from 1 down to 1/condition at equal ratios. */
export const logSpaced = (d: number, condition: number): Matrix =>
  diagonal(Array.from({ length: d }, (_, i) => condition ** (-i / (d - 1))));

/** What a root and its gradient must hold for. */
export const exampleMatrices: Record<string, Matrix> = {
  'of full rank': seededGram(5, 12),
  'of rank 3 of 7': seededGram(7, 3),
  'of rank one': seededGram(4, 1),
  'with repeated eigenvalues': identity(4),
  'of condition 1e12': logSpaced(8, 1e12),
};
