import { checkArgument } from '@covpool/base';
import { defineSpectralOperation, exactRule, type SpectralFunction } from '@covpool/matrix-power';
import { div, maximum, sqrt, square, sum, type Tensor3D, tidy } from '@tensorflow/tfjs-core';

/** Of what the eigenvalues' norm is taken: of each matrix, or as the released code has it, of the whole batch. */
export type EigenNorm = 'image' | 'batch';

const LOWEST = 1e-6;
const HIGHEST = 1e6;

/** Below it a norm counts as zero. */
const NORM_FLOOR = 1e-12;

const clippedRoot: SpectralFunction = {
  value: (eigenvalue) => Math.sqrt(Math.min(Math.max(eigenvalue, LOWEST), HIGHEST)),
  slope: (eigenvalue) => (eigenvalue < LOWEST || eigenvalue > HIGHEST ? 0 : 0.5 / Math.sqrt(eigenvalue)),
};

/** Divided by the norm of all eigenvalues, clipped or not; a matrix without any keeps the root as it is. */
const normalizedRoot: SpectralFunction = {
  ...clippedRoot,
  factor(values) {
    const total = values.reduce((total, eigenvalue) => total + eigenvalue * eigenvalue, 0);
    if (total < NORM_FLOOR ** 2) return { s: 1, logSlopes: new Float64Array(values.length) };
    return { s: 1 / Math.sqrt(total), logSlopes: values.map((eigenvalue) => -eigenvalue / total) };
  },
};

const operation = defineSpectralOperation<{ norm: EigenNorm }>({
  name: 'EigenRoot',
  who: 'eigenRoot',
  plan({ norm }) {
    const root = norm === 'image' ? normalizedRoot : clippedRoot;
    return { function: root, small: {}, rule: exactRule(root) };
  },
});

/**
 * IDCCP's root by eigendecomposition: `A = V diag(e) Vᵀ ↦ V diag(√clip(e, 1e-6, 1e6)) Vᵀ / ‖e‖`, in float64 on the processor
 * (float32 on webgpu), with the exact gradient. The norm is that of each matrix's eigenvalues; the released code has it over the whole batch (`batch`),
 * so that a result depends on what else is in the batch. A zero matrix gives 0.001 I with gradient 0.
 *
 * @param a symmetric matrices [B,d,d]
 * @returns [B,d,d]
 * @throws unsupported on webgl, whose memory the processor does not read and which has no kernel for it
 */
export function eigenRoot(a: Tensor3D, { norm = 'image' }: { norm?: EigenNorm } = {}): Tensor3D {
  checkEigenNorm('eigenRoot', norm);
  return tidy(() => {
    const root = operation.ofMatrix(a, { norm });
    // ‖e‖ is the Frobenius norm.
    return norm === 'image' ? root : div(root, sqrt(maximum(sum(square(a)), NORM_FLOOR ** 2)));
  });
}

export function checkEigenNorm(who: string, norm: EigenNorm): void {
  checkArgument(
    norm === 'image' || norm === 'batch',
    () => `${who}: norm must be 'image' or 'batch', got '${String(norm)}'`,
  );
}
