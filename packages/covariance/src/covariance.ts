import { type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { momentKernel } from './moment-kernel.ts';
import { asRows } from './rows.ts';

/**
 * The covariance of features over positions, biased (1/M, as in all of the literature's code):
 * `Σ = (1/M) (X − x̄)ᵀ (X − x̄)`. Its rank is at most min(d, M−1).
 *
 * Cost: M·d² multiply-adds; the rows are centred before the product, which is more accurate in float32 than the references'
 * product with the M×M centring matrix. Gradient: `dX = (1/M) (X − x̄) (G + Gᵀ)`.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,d,d], symmetric positive semi-definite
 *
 * ```ts
 * covariance(tensor([1, 0, 0, 1, -1, 0, 0, -1], [1, 4, 2])); // [[0.5, 0], [0, 0.5]]
 * ```
 */
export function covariance(x: Tensor): Tensor3D {
  return tidy(() => momentKernel({ x: asRows('covariance', x) }, { centering: true })[0] as Tensor3D);
}
