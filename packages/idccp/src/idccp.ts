import { covariance, l2Normalize, signedSqrt, triuVectorize } from '@covpool/covariance';
import { newtonSchulzSqrt } from '@covpool/matrix-power';
import { type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { biMap } from './bi-map.ts';
import { type EigenNorm, eigenRoot } from './eigen-root.ts';
import { frobeniusNormalize } from './frobenius-normalize.ts';
import { trivialRepresentation } from './trivial-representation.ts';

export interface IdccpOptions {
  /** Copies of every picture in the batch, over which covariances are averaged: 8 behind `siamese`. */
  transforms?: number;
  /** Newton–Schulz iterations. */
  iterations?: number;
  /** Of what the eigenvalues' norm is taken; `batch` is the released code. */
  eigenNorm?: EigenNorm;
}

/**
 * The IDCCP descriptor (Wang, Guan & Zhang, Invariant Deep Compressible Covariance Pooling for Aerial Scene Categorization,
 * TGRS 2020): covariances averaged over the copies of a picture, divided by their Frobenius norm, compressed to `WᵀSW`, twice
 * rooted (`eigenRoot`, then iSQRT-COV), upper triangle, signed square root, l2 norm 1. Three roots in a row: of an eigenvalue λ of
 * WᵀSW about λ^(1/4) is left in the matrix, and square roots of its entries in the descriptor.
 *
 * All steps but the clipping of eigenvalues and the 1e-12 under the last root commute with scaling, so the norms change next to
 * nothing in the result; `eigenNorm` is there to reproduce the released code to the digit.
 *
 * @param x features [transforms·B,H,W,d] or [transforms·B,M,d]; copy g of picture b is number g·B + b
 * @param w [d,p], orthonormal columns; its compression of 512 channels to 64 takes 131,328 values to 2,080
 * @returns [B,p(p+1)/2]
 * @throws unsupported on webgl, whose memory the processor does not read and which has no kernel for `eigenRoot`
 */
export function idccp(
  x: Tensor,
  w: Tensor2D,
  { transforms = 1, iterations = 5, eigenNorm = 'image' }: IdccpOptions = {},
): Tensor2D {
  return tidy(() => {
    const representation = trivialRepresentation(covariance(x), transforms);
    const compressed = biMap(frobeniusNormalize(representation), w);
    const root = newtonSchulzSqrt(eigenRoot(compressed, { norm: eigenNorm }), { iterations });
    return l2Normalize(signedSqrt(triuVectorize(root), { epsilon: 1e-12 }));
  });
}
