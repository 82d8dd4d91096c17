import { checkArgument } from '@covpool/base';

/**
 * How a step off the Stiefel manifold is brought back to it: by the Q of a QR decomposition with a positive diagonal, by the
 * polar factor (the nearest point), or along the Cayley transform of the step.
 */
export type Retraction = 'qr' | 'polar' | 'cayley';

/** The set that a weight is confined to: the Stiefel manifold of matrices [n,p] with orthonormal columns, `WᵀW = I`. */
export interface Manifold {
  name: 'stiefel';
  retraction: Retraction;
}

export const retractions: readonly Retraction[] = ['qr', 'polar', 'cayley'];

/** Refuses what is no retraction. */
export function checkRetraction(who: string, retraction: Retraction): void {
  checkArgument(
    retractions.includes(retraction),
    () => `${who}: retraction must be one of ${retractions.join(', ')}, got '${String(retraction)}'`,
  );
}

/**
 * The orthonormal factor Q of the thin QR decomposition `A = QR` with a positive diagonal of R, in float64; n ≥ p, row-major. By
 * Gram–Schmidt, every column twice: the second pass takes out what rounding left.
 */
export function orthonormalColumns(a: ArrayLike<number>, n: number, p: number): Float64Array {
  const q = Float64Array.from(a);
  for (let j = 0; j < p; j++) {
    for (let pass = 0; pass < 2; pass++) {
      for (let k = 0; k < j; k++) {
        let along = 0;
        for (let i = 0; i < n; i++) along += q[i * p + k]! * q[i * p + j]!;
        for (let i = 0; i < n; i++) q[i * p + j]! -= along * q[i * p + k]!;
      }
    }
    let square = 0;
    for (let i = 0; i < n; i++) square += q[i * p + j]! ** 2;
    for (let i = 0; i < n; i++) q[i * p + j]! /= Math.sqrt(square);
  }
  return q;
}
