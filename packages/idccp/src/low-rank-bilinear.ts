import { checkArgument } from '@covpool/base';
import { asRows, l2Normalize, signedSqrt } from '@covpool/covariance';
import { matMul, mul, reshape, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';

/**
 * The bilinear descriptor of two projections of the same features: `AᵀB/M`, flattened, signed square root, l2 norm 1
 * (Kong & Fowlkes, Low-rank Bilinear Pooling for Fine-Grained Classification, CVPR 2017, as the baseline of IDCCP has it).
 *
 * @param a [B,H,W,k] or [B,M,k]
 * @param b of the same shape
 * @returns [B,k²]
 */
export function lowRankBilinear(a: Tensor, b: Tensor): Tensor2D {
  checkArgument(
    a.shape.length === b.shape.length && a.shape.every((extent, i) => extent === b.shape[i]),
    () => `lowRankBilinear: both projections must have one shape, got [${a.shape}] and [${b.shape}]`,
  );
  return tidy(() => {
    const [p, q] = [asRows('lowRankBilinear', a), asRows('lowRankBilinear', b)];
    const [batch, positions] = p.shape;
    const product = mul(matMul(p, q, true, false), 1 / positions);
    return l2Normalize(signedSqrt(reshape(product, [batch, -1]), { epsilon: 1e-12 })) as Tensor2D;
  });
}
