import { frobenius, identity, type Matrix, minus, plus, scale, times, trace, transpose } from './matrix.ts';

/** `Σ = (1/M) (X − x̄)ᵀ (X − x̄)` of rows X [M,d]. */
export function covarianceOracle(x: Matrix): Matrix {
  const mean = x[0]!.map((_, j) => x.reduce((sum, row) => sum + row[j]!, 0) / x.length);
  const centred = x.map((row) => row.map((value, j) => value - mean[j]!));
  return scale(times(transpose(centred), centred), 1 / x.length);
}

/**
 * iSQRT-COV's root of a matrix by N coupled Newton–Schulz iterations (Li et al. 2018), pre-normalised by the trace or the
 * Frobenius norm t, multiplied by √t afterwards.
 */
export function newtonSchulzOracle(a: Matrix, iterations: number, norm: 'trace' | 'frobenius' = 'trace'): Matrix {
  const t = norm === 'trace' ? trace(a) : frobenius(a);
  let y = scale(a, 1 / t);
  let z = identity(a.length);
  for (let k = 0; k < iterations; k++) {
    const half = scale(minus(scale(identity(a.length), 3), times(z, y)), 0.5);
    [y, z] = [times(y, half), times(half, z)];
  }
  return scale(y, Math.sqrt(t));
}

/** The symmetric part of a matrix. */
export const symmetrise = (a: Matrix): Matrix => scale(plus(a, transpose(a)), 0.5);
