/**
 * A function of symmetric matrices through their eigenvalues: `A = UΛUᵀ ↦ U diag(s·h(λ_i)) Uᵀ`, with a factor s that may
 * depend on all eigenvalues.
 */
export interface SpectralFunction {
  /** h at an eigenvalue. */
  value: (eigenvalue: number) => number;
  /** h′. */
  slope: (eigenvalue: number) => number;
  /** s, and the derivatives of log s by the eigenvalues; absent: s = 1. */
  factor?: (values: Float64Array) => { s: number; logSlopes: Float64Array };
}

/** A function at the eigenvalues λ of one matrix, of which the last may be its kernel's: f = s·h(λ) and s·h′(λ). */
export interface EigenvalueMap {
  lambda: Float64Array;
  s: number;
  f: Float64Array;
  slope: Float64Array;
  /** ∂ log s/∂λ_i; absent: s = 1. */
  logSlopes?: Float64Array;
}

export function mapEigenvalues({ value, slope, factor }: SpectralFunction, lambda: Float64Array): EigenvalueMap {
  const { s, logSlopes } = factor?.(lambda) ?? { s: 1 };
  return {
    lambda,
    s,
    f: lambda.map((l) => s * value(l)),
    slope: lambda.map((l) => s * slope(l)),
    ...(logSlopes ? { logSlopes } : {}),
  };
}
