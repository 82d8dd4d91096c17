import { type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { momentKernel } from './moment-kernel.ts';
import { asRows } from './rows.ts';

/**
 * The second moment of features over positions, without centring: `(1/M) Xᵀ X` (bilinear pooling's matrix, Lin et al. 2015).
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,d,d]
 */
export function secondMoment(x: Tensor): Tensor3D {
  return tidy(() => momentKernel({ x: asRows('secondMoment', x) }, { centering: false })[0] as Tensor3D);
}
