import { checkArgument } from '@covpool/base';
import { asRows } from '@covpool/covariance';
import {
  matMul,
  mean,
  pad,
  reshape,
  slice,
  stack,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
} from '@tensorflow/tfjs-core';

/**
 * Efficient channel attention's scores (Wang et al., CVPR 2020): `Σ_t k_t · g_{c+t−1}`, g the mean over positions, t = 0, 1, 2,
 * zeros beyond the first and the last channel.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @param kernel the three taps k [3,1,1]
 * @returns [B,d]
 */
export function ecaScores(who: string, x: Tensor, kernel: Tensor3D): Tensor2D {
  checkArgument(kernel.size === 3, () => `${who}: the kernel must be [3,1,1], got [${kernel.shape}]`);
  const rows = asRows(who, x);
  const [batch, , channels] = rows.shape;
  const padded = pad(mean(rows, 1), [
    [0, 0],
    [1, 1],
  ]);
  const neighbours = stack(
    [0, 1, 2].map((tap) => slice(padded, [0, tap], [batch, channels])),
    2,
  );
  return reshape(matMul(reshape(neighbours, [-1, 3]), reshape(kernel, [3, 1])), [batch, channels]);
}
