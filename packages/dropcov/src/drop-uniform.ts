import { checkArgument } from '@covpool/base';
import { mul, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { type IntervalOptions, resolveInterval, strideMask } from './stride-mask.ts';

export interface DropUniformOptions extends IntervalOptions {
  /** What the phase is drawn from. */
  seed?: number;
}

/**
 * Zeroes every second value (interval 1), or two of three (interval 2), of all rows alike, beginning at a random place. An
 * ablation of DropCov (Wang et al., NeurIPS 2022), there on the triangle of the covariance, in training.
 *
 * @param v [B,F]
 * @returns [B,F]
 */
export function dropUniform(v: Tensor2D, { seed = 0, ...options }: DropUniformOptions = {}): Tensor2D {
  const { interval } = resolveInterval('dropUniform', options);
  checkArgument(v.rank === 2, () => `dropUniform: vectors must be [B,F], got [${v.shape}]`);
  return tidy(() => mul(v, strideMask(v.shape[1], interval, seed)));
}
