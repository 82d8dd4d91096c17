import { checkArgument } from '@covpool/base';
import { matMul, reshape, type Tensor2D, type Tensor3D, tidy, transpose } from '@tensorflow/tfjs-core';

/**
 * The bilinear map of matrices to smaller ones, `T = WᵀAW`: IDCCP's compression, and BiMap of Huang & Van Gool (AAAI 2017). With
 * orthonormal columns of W it is a compression without distortion; with a square one a rotation. Gradients, for symmetric A and
 * G: `dA = W G Wᵀ`, `dW = 2 A W G`. Cost: B·(n²p + np²) multiply-adds.
 *
 * @param a [B,n,n]
 * @param w [n,p]
 * @returns [B,p,p]
 */
export function biMap(a: Tensor3D, w: Tensor2D): Tensor3D {
  checkArgument(
    a.rank === 3 && w.rank === 2 && a.shape[1] === a.shape[2] && w.shape[0] === a.shape[2],
    () => `biMap: matrices must be [B,n,n] and the weight [n,p], got [${a.shape}] and [${w.shape}]`,
  );
  return tidy(() => {
    const [batch, n] = a.shape;
    const p = w.shape[1];
    // One product for the whole batch, from either side.
    const right = reshape(matMul(reshape(a, [batch * n, n]), w), [batch, n, p]);
    const turned: Tensor2D = reshape(transpose(right, [0, 2, 1]), [batch * p, n]);
    return transpose(reshape(matMul(turned, w), [batch, p, p]), [0, 2, 1]);
  });
}
