import { eye, mul, sub, type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { isqrtCov, type IsqrtCovOptions } from './isqrt-cov.ts';

/**
 * PowTMLR: the tangent vector of a covariance at I under the power-Euclidean metric of θ = 1/2, `2(C − I)`, C the root by
 * `isqrtCov`, whose options these are (Chen, Song, Wu, Liu & Sebe, Understanding Matrix Function Normalizations in Covariance
 * Pooling through the Lens of Riemannian Geometry, ICLR 2025).
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,d,d]
 */
export function powTmlr(x: Tensor, options: IsqrtCovOptions = {}): Tensor3D {
  return tidy(() => {
    const root = isqrtCov(x, options);
    return mul(sub(root, eye(root.shape[1])), 2);
  });
}

/**
 * ScalePowEMLR: `2C`, C the root by `isqrtCov`, whose options these are: what a power-Euclidean classifier of θ = 1/2 sees. Same
 * paper as `powTmlr`; its PowEMLR is `isqrtCov` itself.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,d,d]
 */
export const scalePowEmlr = (x: Tensor, options: IsqrtCovOptions = {}): Tensor3D =>
  tidy(() => mul(isqrtCov(x, options), 2));
