import { type GaussianEmbeddingOptions, gaussianRows } from '@covpool/covariance';
import { type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { isqrtCov } from './isqrt-cov.ts';
import type { NewtonSchulzOptions } from './newton-schulz-sqrt.ts';

export type IsqrtGaussianOptions = GaussianEmbeddingOptions & NewtonSchulzOptions;

/**
 * The square root of the Gaussian embedding `[[Σ + β²μμᵀ, βμ], [βμᵀ, 1]]` by Newton–Schulz iteration:
 * `newtonSchulzSqrt(gaussianEmbedding(x))`, same values and gradients, on the cheaper side. Its options are those of `isqrtCov`.
 *
 * Wang, Li & Zhang, G2DeNet, CVPR 2017 (β = 1); Wang et al., Deep CNNs Meet Global Covariance Pooling, TPAMI 2020.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,d+1,d+1]
 */
export function isqrtGaussian(x: Tensor, { beta = 1, ...options }: IsqrtGaussianOptions = {}): Tensor3D {
  return tidy(() => isqrtCov(gaussianRows(x, { beta }), { ...options, centering: false }));
}
