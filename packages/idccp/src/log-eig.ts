import { checkArgument } from '@covpool/base';
import { defineSpectralOperation, exactRule, type SpectralFunction } from '@covpool/matrix-power';
import type { Tensor3D } from '@tensorflow/tfjs-core';

export interface LogEigOptions {
  /** What eigenvalues are raised to at least, so that the logarithm is finite. */
  floor?: number;
}

const operation = defineSpectralOperation<Required<LogEigOptions>>({
  name: 'LogEig',
  who: 'logEig',
  plan({ floor }) {
    const logarithm: SpectralFunction = {
      value: (eigenvalue) => Math.log(Math.max(eigenvalue, floor)),
      slope: (eigenvalue) => (eigenvalue < floor ? 0 : 1 / eigenvalue),
    };
    return { function: logarithm, small: {}, rule: exactRule(logarithm) };
  },
});

/**
 * The matrix logarithm (LogEig of Huang & Van Gool, A Riemannian Network for SPD Matrix Learning, AAAI 2017): `A = UΛUᵀ ↦
 * U log(max(Λ, floor)) Uᵀ`, in float64 on the processor, with the exact gradient. Covariances of few positions are singular: the
 * floor is what their logarithm then is made of. On webgpu all is float32, where eigenvalues err by some 1e-6 of the largest: the
 * floor should not be less than that.
 *
 * @param a symmetric matrices [B,d,d]
 * @returns [B,d,d]
 * @throws unsupported on webgl, whose memory the processor does not read and which has no kernel for it
 */
export function logEig(a: Tensor3D, options: LogEigOptions = {}): Tensor3D {
  return operation.ofMatrix(a, resolveLogEig('logEig', options));
}

export function resolveLogEig(who: string, { floor = 1e-6 }: LogEigOptions): Required<LogEigOptions> {
  checkArgument(floor > 0 && floor < Infinity, () => `${who}: floor must be a positive number, got ${floor}`);
  return { floor };
}
