import { reshape, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { l2Normalize } from './l2-normalize.ts';
import { asRows } from './rows.ts';
import { secondMoment } from './second-moment.ts';
import { signedSqrt } from './signed-sqrt.ts';

/**
 * Bilinear pooling (B-CNN): the second moment `(1/M) Xᵀ X`, uncentred and whole, then the signed square root (ε = 1e-8) and
 * division by the length.
 *
 * Cost: M·d² multiply-adds, d² values. Lin, RoyChowdhury & Maji, Bilinear CNN Models for Fine-grained Visual Recognition,
 * ICCV 2015.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,d·d], of length 1, or 0 where all features are 0; the gradient is 0 there
 *
 * ```ts
 * bilinear(tensor([1, 2], [1, 1, 2])); // [1/3, √2/3, √2/3, 2/3]
 * ```
 */
export function bilinear(x: Tensor): Tensor2D {
  return tidy(() => {
    const rows = asRows('bilinear', x);
    const flat: Tensor2D = reshape(secondMoment(rows), [rows.shape[0], -1]);
    return l2Normalize(signedSqrt(flat));
  });
}
