import { checkArgument } from '@covpool/base';
import { defineSpectralOperation, exactRule, type SpectralFunction } from '@covpool/matrix-power';
import type { Tensor3D } from '@tensorflow/tfjs-core';

export interface ReEigOptions {
  lowest?: number;
  highest?: number;
}

const operation = defineSpectralOperation<Required<ReEigOptions>>({
  name: 'ReEig',
  who: 'reEig',
  plan({ lowest, highest }) {
    const clipped: SpectralFunction = {
      value: (eigenvalue) => Math.min(Math.max(eigenvalue, lowest), highest),
      slope: (eigenvalue) => (eigenvalue < lowest || eigenvalue > highest ? 0 : 1),
    };
    return { function: clipped, small: {}, rule: exactRule(clipped) };
  },
});

/**
 * The rectification of eigenvalues (ReEig of Huang & Van Gool, A Riemannian Network for SPD Matrix Learning, AAAI 2017):
 * `A = UΛUᵀ ↦ U clip(Λ, lowest, highest) Uᵀ`, in float64 on the processor (float32 on webgpu), with the exact gradient.
 *
 * @param a symmetric matrices [B,d,d]
 * @returns [B,d,d]
 * @throws unsupported on webgl, whose memory the processor does not read and which has no kernel for it
 */
export function reEig(a: Tensor3D, options: ReEigOptions = {}): Tensor3D {
  return operation.ofMatrix(a, resolveReEig('reEig', options));
}

export function resolveReEig(who: string, { lowest = 1e-4, highest = 1e4 }: ReEigOptions): Required<ReEigOptions> {
  checkArgument(
    lowest >= 0 && highest > lowest && highest < Infinity,
    () => `${who}: lowest must not be negative and highest above it, got ${lowest} and ${highest}`,
  );
  return { lowest, highest };
}
