import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { exactRule, originalRule } from './loewner.ts';
import type { SpectralFunction } from './spectral-function.ts';
import { defineSpectralOperation } from './spectral-kernels.ts';

/** `√λ·(1 + n)`, `n² = Σ λ e^(−2λ)`: the norm depends on eigenvalues alone. */
const scaledRoot: SpectralFunction = {
  value: Math.sqrt,
  slope: (eigenvalue) => 0.5 / Math.sqrt(eigenvalue),
  factor(values) {
    const n = Math.sqrt(values.reduce((sum, l) => sum + l * Math.exp(-2 * l), 0));
    return { s: 1 + n, logSlopes: values.map((l) => (Math.exp(-2 * l) * (1 - 2 * l)) / (2 * n * (1 + n))) };
  },
};

interface Options {
  gradient: 'exact' | 'k-matrix';
}

const operation = defineSpectralOperation<Options>({
  name: 'ScalingEigenBranch',
  who: 'scalingEigenBranch',
  plan: ({ gradient }) => ({
    function: scaledRoot,
    small: { floor: Number.EPSILON },
    rule: gradient === 'exact' ? exactRule(scaledRoot) : originalRule,
  }),
});

/**
 * The scaling eigen branch (Song, Sebe & Wang, TPAMI 2022): with `Q = A^(1/2)` and the exponential inverse `S = exp(−A)`,
 * `Q·(1 + ‖QSᵀ‖_F)`: small eigenvalues, which tell fine-grained classes apart, are amplified. Eigenvalues below 2⁻⁵² count as that.
 * The released code forms the norm entry by entry, where a zero gives NaN; here it is a scalar.
 *
 * Float64 inside, on the processor; the gradient is exact, or with `k-matrix` that of the publication. On webgpu all is float32, and
 * eigenvalues below 2⁻²³ count as that.
 *
 * @param a symmetric positive semi-definite matrices [B,d,d]
 * @returns [B,d,d]
 * @throws unsupported on webgl, whose memory the processor does not read and which has no kernel for it
 */
export function scalingEigenBranch(a: Tensor3D, { gradient = 'exact' }: Partial<Options> = {}): Tensor3D {
  return operation.ofMatrix(a, { gradient });
}

/** `scalingEigenBranch(covariance(x))`, all of it in float64 and on the cheaper side. */
export function scalingEigenBranchCov(x: Tensor, { gradient = 'exact' }: Partial<Options> = {}): Tensor3D {
  return operation.ofRows(x, { gradient, centering: true });
}
