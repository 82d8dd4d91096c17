import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { lyapunovRoot, lyapunovRootCov, type LyapunovOptions } from './lyapunov-root.ts';
import { padeRoot } from './root-approximation.ts';

/**
 * MPA: the matrix square root by the [5/5] Padé approximant (Song, Sebe & Wang, Fast Differentiable Matrix Square Root, ICLR 2022),
 * `S = √n Q(Z)⁻¹ P(Z)`, `Z = I − A/n`, n = ‖A‖_F, with the gradient of the exact root at S: X of `S X + X S = sym(G)`.
 *
 * An eigenvalue a of A/n is exact to 1e-7 from 0.5 up, becomes 0.317 for 0.1, and 1/11 for 0: null directions are *not*
 * mapped to zero. `mpaSqrt(sA) = √s mpaSqrt(A)`. The gradient is that of the root, not of the approximant, and is complete where the
 * eigenvalues of S/√n are above about 0.1; more `iterations` reach lower. A zero matrix gives 0 with gradient 0.
 *
 * Cost: 21 products of d×d matrices forward, 6 for each iteration backward; one matrix is kept.
 *
 * @param a symmetric positive semi-definite matrices [B,d,d]; the gradient is the symmetric one
 * @returns [B,d,d]
 */
export const mpaSqrt = (a: Tensor3D, options: LyapunovOptions = {}): Tensor3D =>
  lyapunovRoot('mpaSqrt', a, padeRoot, options);

/**
 * `mpaSqrt(covariance(x))`, same values and gradients, on the cheaper side: for M < d positions on M×M matrices.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,d,d]
 */
export const mpaSqrtCov = (x: Tensor, options: LyapunovOptions = {}): Tensor3D =>
  lyapunovRootCov('mpaSqrtCov', x, padeRoot, options);
