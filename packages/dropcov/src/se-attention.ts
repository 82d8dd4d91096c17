import { checkArgument } from '@covpool/base';
import { asRows } from '@covpool/covariance';
import { matMul, mean, relu, sigmoid, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';

/**
 * Squeeze-and-excitation (Hu, Shen & Sun, CVPR 2018): `σ(relu(g W₁) W₂)`, g the mean over positions.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @param squeeze W₁ [d,h], h = d/16 in the literature
 * @param excite W₂ [h,d]
 * @returns weights of the channels of each image [B,d] in (0,1)
 */
export function seAttention(x: Tensor, squeeze: Tensor2D, excite: Tensor2D): Tensor2D {
  return tidy(() => {
    const rows = asRows('seAttention', x);
    const channels = rows.shape[2];
    checkArgument(
      String(squeeze.shape) === String([channels, excite.shape[0]]) && excite.shape[1] === channels,
      () =>
        `seAttention: squeeze and excite must be [${channels},h] and [h,${channels}], got [${squeeze.shape}] and [${excite.shape}]`,
    );
    return sigmoid(matMul<Tensor2D>(relu(matMul(mean<Tensor2D>(rows, 1), squeeze)), excite));
  });
}
