import { checkArgument } from '@covpool/base';
import { add, concat, mean, mul, ones, type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { asRows } from './rows.ts';
import { secondMoment } from './second-moment.ts';

/** How the Gaussian of an image is embedded. */
export interface GaussianEmbeddingOptions {
  /** Weight β > 0 of the mean (first order) against the covariance (second order); 1 is the classical embedding. */
  beta?: number;
}

/** @throws bad-argument for a β that is not a positive number */
export function checkBeta(who: string, beta: number): void {
  checkArgument(beta > 0 && Number.isFinite(beta), () => `${who}: beta must be a positive number, got ${beta}`);
}

/**
 * Rows whose second moment `(1/M) Σₘ x̃ₘ x̃ₘᵀ` is the Gaussian embedding: `x̃ₘ = [xₘ − μ + βμ, 1]`. A root that works on rows,
 * on the smaller of the two sides, takes these in place of centred features.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,M,d+1]
 * @throws bad-argument for a β that is not a positive number
 */
export function gaussianRows(x: Tensor, { beta = 1 }: GaussianEmbeddingOptions = {}): Tensor3D {
  checkBeta('gaussianRows', beta);
  return tidy(() => {
    const rows = asRows('gaussianRows', x);
    const shifted = beta === 1 ? rows : add(rows, mul(mean(rows, 1, true), beta - 1));
    return concat([shifted, ones([rows.shape[0], rows.shape[1], 1])], 2) as Tensor3D;
  });
}

/**
 * The Gaussian N(μ, Σ) of features over positions as a positive semi-definite matrix, `[[Σ + β²μμᵀ, βμ], [βμᵀ, 1]]`; its
 * determinant is that of Σ whatever β is. Gradient with `G = [[P, q], [qᵀ, r]]`: `dΣ = P`, `dμ = 2β²Pμ + 2βq`, then
 * `dX = (2/M)(X − μ)P + (1/M) 1 dμᵀ`.
 *
 * Cost: M·(d+1)² multiply-adds. Wang, Li & Zhang, G2DeNet, CVPR 2017 (β = 1); Wang et al., Deep CNNs Meet Global Covariance
 * Pooling, TPAMI 2020.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,d+1,d+1]
 * @throws bad-argument for a β that is not a positive number
 *
 * ```ts
 * gaussianEmbedding(tensor([3, 1], [1, 2, 1])); // mean 2, variance 1: [[5, 2], [2, 1]]
 * ```
 */
export function gaussianEmbedding(x: Tensor, options: GaussianEmbeddingOptions = {}): Tensor3D {
  return tidy(() => secondMoment(gaussianRows(x, options)));
}
