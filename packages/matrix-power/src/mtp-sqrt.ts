import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { lyapunovRoot, lyapunovRootCov, type LyapunovOptions } from './lyapunov-root.ts';
import { taylorRoot } from './root-approximation.ts';

/**
 * MTP: the matrix square root by the Taylor polynomial of degree 10 (Song, Sebe & Wang, Fast Differentiable Matrix Square Root,
 * ICLR 2022), `S = √n Σ a_k Z^k`, `Z = I − A/n`, n = ‖A‖_F, with the gradient of the exact root at S: X of `S X + X S = sym(G)`.
 *
 * Cheaper than `mpaSqrt` and less accurate: an eigenvalue a of A/n becomes 0.330 for 0.1, 0.194 for 0.01, 0.176 for 0. Otherwise
 * as there.
 *
 * Cost: 5 products of d×d matrices forward, 6 for each iteration backward; one matrix is kept.
 *
 * @param a symmetric positive semi-definite matrices [B,d,d]; the gradient is the symmetric one
 * @returns [B,d,d]
 */
export const mtpSqrt = (a: Tensor3D, options: LyapunovOptions = {}): Tensor3D =>
  lyapunovRoot('mtpSqrt', a, taylorRoot, options);

/**
 * `mtpSqrt(covariance(x))`, same values and gradients, on the cheaper side: for M < d positions on M×M matrices.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,d,d]
 */
export const mtpSqrtCov = (x: Tensor, options: LyapunovOptions = {}): Tensor3D =>
  lyapunovRootCov('mtpSqrtCov', x, taylorRoot, options);
