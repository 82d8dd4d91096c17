import { checkArgument } from '@covpool/base';
import { mul, type Scalar, type Tensor3D } from '@tensorflow/tfjs-core';

/**
 * scaleNorm: matrices times one factor, `r2^(−1/2)` if none is given, as dot products in attention are scaled.
 *
 * @param x matrices [B,r1,r2]
 * @param factor a number, or a scalar that is trained
 * @returns [B,r1,r2]
 */
export function scaleNorm(x: Tensor3D, factor?: number | Scalar): Tensor3D {
  checkArgument(x.rank === 3, () => `scaleNorm: matrices must be [B,r1,r2], got [${x.shape}]`);
  return mul(x, factor ?? x.shape[2] ** -0.5);
}
