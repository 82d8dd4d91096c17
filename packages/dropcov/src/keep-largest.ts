import { checkArgument } from '@covpool/base';
import { cast, less, mul, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { descendingRanks } from './descending-ranks.ts';
import { withoutGradient } from './without-gradient.ts';

export interface KeepLargestOptions {
  /** The share that is kept, rounded down; 0.5 and 0.7 in the authors' study. */
  share?: number;
}

/** Fills in the default and checks. */
export function resolveShare(who: string, { share = 0.5 }: KeepLargestOptions): Required<KeepLargestOptions> {
  checkArgument(share > 0 && share <= 1, () => `${who}: share must be above 0 and at most 1, got ${share}`);
  return { share };
}

/**
 * Keeps the largest values of each row and zeroes the others: `⌊share·F⌋` of them, by value, not by magnitude. An ablation of
 * DropCov (Wang et al., NeurIPS 2022), there on the triangle of the covariance, in training. What is kept is a constant
 * to the gradient. Cost: two sorts of each row, on the device.
 *
 * @param v [B,F]
 * @returns [B,F]
 *
 * ```ts
 * keepLargest(tensor2d([[3, -9, 1, 2]])); // [[3, 0, 0, 2]]
 * ```
 */
export function keepLargest(v: Tensor2D, options: KeepLargestOptions = {}): Tensor2D {
  const { share } = resolveShare('keepLargest', options);
  checkArgument(v.rank === 2, () => `keepLargest: vectors must be [B,F], got [${v.shape}]`);
  return tidy(() => mul(v, largestMask(v, share)));
}

/** Where the `⌊share·F⌋` largest values of each row [B,F] are. */
export function largestMask(v: Tensor2D, share: number): Tensor2D {
  return withoutGradient(() => cast(less(descendingRanks(v), Math.floor(v.shape[1] * share)), 'float32') as Tensor2D);
}
