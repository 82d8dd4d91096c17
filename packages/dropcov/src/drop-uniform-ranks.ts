import { checkArgument } from '@covpool/base';
import { cast, equal, mod, mul, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { descendingRanks } from './descending-ranks.ts';
import { type IntervalOptions, resolveInterval } from './stride-mask.ts';
import { withoutGradient } from './without-gradient.ts';

/**
 * Keeps the values of each row whose ranks are 1, 3, 5, … (interval 1) or 1, 4, 7, … (interval 2) and zeroes the others; rank 0
 * is the largest value. An ablation of DropCov (Wang et al., NeurIPS 2022), there on the triangle of the covariance, in
 * training. What is kept is a constant to the gradient. Cost: two sorts of each row, on the device.
 *
 * @param v [B,F]
 * @returns [B,F]
 *
 * ```ts
 * dropUniformRanks(tensor2d([[3, -9, 1, 2]])); // [[0, -9, 0, 2]]
 * ```
 */
export function dropUniformRanks(v: Tensor2D, options: IntervalOptions = {}): Tensor2D {
  const { interval } = resolveInterval('dropUniformRanks', options);
  checkArgument(v.rank === 2, () => `dropUniformRanks: vectors must be [B,F], got [${v.shape}]`);
  return tidy(() => mul(v, rankMask(v, interval, 1)));
}

/** Where the values of ranks `first`, `first + interval + 1`, … of each row [B,F] are. */
export function rankMask(v: Tensor2D, interval: number, first: number): Tensor2D {
  return withoutGradient(() => cast(equal(mod(descendingRanks(v), interval + 1), first), 'float32') as Tensor2D);
}
