import { sigmoid, type Tensor, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { ecaScores } from './eca-scores.ts';

/**
 * Efficient channel attention (Wang et al., CVPR 2020): `σ(Σ_t k_t · g_{c+t−1})`, g the mean over positions, t = 0, 1, 2,
 * zeros beyond the first and the last channel. `channelImportance` is the same with a softmax.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @param kernel the three taps k [3,1,1]
 * @returns weights [B,d] in (0,1)
 */
export function ecaAttention(x: Tensor, kernel: Tensor3D): Tensor2D {
  return tidy(() => sigmoid(ecaScores('ecaAttention', x, kernel)));
}
