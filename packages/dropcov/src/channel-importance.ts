import { softmax, type Tensor, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { ecaScores } from './eca-scores.ts';

/**
 * How important each channel of each image is (efficient channel attention, Wang et al., CVPR 2020, with a softmax):
 * `ω = softmax_c(Σ_t k_t · g_{c+t−1})`, g the mean over positions, t = 0, 1, 2, zeros beyond the first and the last channel.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @param kernel the three taps k [3,1,1]
 * @returns ω [B,d]; each row sums to 1
 */
export function channelImportance(x: Tensor, kernel: Tensor3D): Tensor2D {
  return tidy(() => softmax(ecaScores('channelImportance', x, kernel)));
}
