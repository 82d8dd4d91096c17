import { asRows } from '@covpool/covariance';
import { mul, type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import type { DropUniformOptions } from './drop-uniform.ts';
import { resolveInterval, strideMask } from './stride-mask.ts';

/**
 * Keeps every second channel (interval 1), or every third (interval 2), of all images alike, beginning at a random one; the
 * others are zero, and nothing is scaled. An ablation of DropCov (Wang et al., NeurIPS 2022), there before the covariance,
 * in training.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,M,d]
 */
export function dropUniformChannels(x: Tensor, { seed = 0, ...options }: DropUniformOptions = {}): Tensor3D {
  const { interval } = resolveInterval('dropUniformChannels', options);
  return tidy(() => {
    const rows = asRows('dropUniformChannels', x);
    return mul(rows, strideMask(rows.shape[2], interval, seed)) as Tensor3D;
  });
}
