import { covariance, secondMoment } from '@covpool/covariance';
import { type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import {
  exactRule,
  kMatrixRule,
  type LoewnerRule,
  newtonRule,
  originalRule,
  padeRule,
  powerIterationRule,
  releasedPowerIterationRule,
  taylorRule,
  truncRule,
} from './loewner.ts';
import {
  type MatrixPowerOptions,
  type PowerGradient,
  type ResolvedMatrixPower,
  resolveMatrixPower,
} from './matrix-power-options.ts';
import type { SpectralFunction } from './spectral-function.ts';
import type { SpectralPlan } from './spectral-image.ts';
import { defineSpectralOperation } from './spectral-kernels.ts';
import type { SmallEigenvalues } from './spectrum.ts';

/** The spacing of float32 numbers at the largest eigenvalue: MPN-COV's rank cut. */
const singleSpacing = (largest: number): number => (largest > 0 ? 2 ** (Math.floor(Math.log2(largest)) - 23) : 0);

/** SVD-TopN keeps 206 of 256 eigenvalues; as many of other sides in proportion. */
const keptOf = (d: number): number => Math.round((206 / 256) * d);

function smallEigenvalues({ small, gradient, precision }: ResolvedMatrixPower, d: number): SmallEigenvalues {
  if (small === 'cut') return { cut: singleSpacing };
  const floor = precision === 'double' ? Number.EPSILON : 2 ** -23;
  return gradient === 'topn' ? { floor, top: keptOf(d) } : { floor };
}

/** `(λ + ε)^α`, and 0 for the kernel if it is cut off. */
function powerFunction({ alpha, epsilon, norm, small }: ResolvedMatrixPower): SpectralFunction {
  const dropped = (eigenvalue: number): boolean => small === 'cut' && eigenvalue <= 0;
  const value = (eigenvalue: number): number => (dropped(eigenvalue) ? 0 : (eigenvalue + epsilon) ** alpha);
  const slope = (eigenvalue: number): number =>
    dropped(eigenvalue) ? 0 : alpha * (eigenvalue + epsilon) ** (alpha - 1);
  if (norm === 'none') return { value, slope };
  return {
    value,
    slope,
    factor(values) {
      const logSlopes = new Float64Array(values.length);
      const counted = norm === 'm-l2' ? values.subarray(0, 1) : values;
      const total = counted.reduce((sum, eigenvalue) => sum + value(eigenvalue) ** 2, 0);
      if (total === 0) return { s: 1, logSlopes };
      for (const [i, l] of counted.entries()) logSlopes[i] = -(value(l) * slope(l)) / total;
      return { s: 1 / Math.sqrt(total), logSlopes };
    },
  };
}

const rules: Record<Exclude<PowerGradient, 'exact' | 'k-matrix' | 'pade'>, LoewnerRule> = {
  trunc: truncRule,
  topn: originalRule,
  taylor: taylorRule,
  pi: powerIterationRule,
  'pi-released': releasedPowerIterationRule,
  newton: newtonRule,
};

function ruleOf({ gradient, small, precision }: ResolvedMatrixPower, power: SpectralFunction): LoewnerRule {
  if (gradient === 'exact') return exactRule(power);
  if (gradient === 'k-matrix') return small === 'cut' ? kMatrixRule : originalRule;
  if (gradient === 'pade') return padeRule(precision === 'double' ? 2.2e-16 : 1.2e-7);
  return rules[gradient];
}

const operation = defineSpectralOperation<ResolvedMatrixPower>({
  name: 'MatrixPower',
  who: 'matrixPower',
  plan(options, d): SpectralPlan {
    const power = powerFunction(options);
    const small = smallEigenvalues(options, d);
    return { function: power, small, rule: ruleOf(options, power), precision: options.precision };
  },
});

/**
 * MPN-COV's matrix power (Li, Xie, Wang & Zuo, ICCV 2017): with the eigendecomposition `A = UΛUᵀ`, `Q = U diag((λ+ε)^α) Uᵀ`, divided by
 * its largest eigenvalue (`m-l2`) or its Frobenius norm (`m-fro`) if asked. Eigenvalues up to the spacing of float32 numbers at
 * the largest one are cut off (`small: 'cut'`), or those up to 2⁻⁵² raised to that (`'floor'`).
 *
 * The eigendecomposition runs in float64 on the processor. Its gradient is exact by default, and has no pole where eigenvalues meet;
 * the published ones are there to compare with (Song, Sebe & Wang, ICCV 2021).
 *
 * On webgpu all is float32, by the kernels of @covpool/webgpu-kernels: eigenvalues below 4√d·2⁻²⁴ of the largest, which cannot be told
 * from zero, are cut, the floor is 2⁻²³ whatever the precision, and values and gradients of well separated spectra err by some 1e-5.
 *
 * Cost: some 9 d³ multiply-adds forward, 4 d³ backward, in float64; 8 d² bytes per image are kept.
 *
 * @param a symmetric positive semi-definite matrices [B,d,d]; the gradient is the symmetric one
 * @returns [B,d,d]
 * @throws unsupported on webgl, whose memory the processor does not read and which has no kernel for it
 *
 * ```ts
 * matrixPower(tensor3d([[[2, 1], [1, 2]]])); // [[1.366, 0.366], [0.366, 1.366]]
 * ```
 */
export function matrixPower(a: Tensor3D, options: MatrixPowerOptions = {}): Tensor3D {
  return operation.ofMatrix(a, resolveMatrixPower('matrixPower', options));
}

/**
 * `matrixPower(covariance(x))` in one, the covariance in float64 too: at conditions up to 1e15, as these covariances have,
 * float32 would lose its small eigenvalues. With M < d positions the M×M matrix of the rows is decomposed instead
 * of the d×d one: the same values and gradient at (M/d)³ of the cost. On webgpu the float32 covariance is decomposed.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,d,d]
 * @throws unsupported on webgl, whose memory the processor does not read and which has no kernel for it
 */
export function matrixPowerCov(
  x: Tensor,
  { centering = true, ...options }: MatrixPowerOptions & { centering?: boolean } = {},
): Tensor3D {
  const resolved = resolveMatrixPower('matrixPowerCov', options);
  if (resolved.precision === 'double') return operation.ofRows(x, { ...resolved, centering });
  return tidy(() => operation.ofMatrix(centering ? covariance(x) : secondMoment(x), resolved));
}
