import { asRows } from '@covpool/covariance';
import { checkArgument, unknownName } from '@covpool/base';
import { expandDims, mul, type Tensor, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import { rankMask } from './drop-uniform-ranks.ts';
import { largestMask, resolveShare } from './keep-largest.ts';
import { resolveInterval } from './stride-mask.ts';

/** Which channels a hard attention keeps. */
export interface HardAttentionOptions {
  /** `largest`: the share with the largest weights; `uniform`: every other in the order of their weights. */
  keep?: 'largest' | 'uniform';
  /** The share that `largest` keeps, rounded down. */
  share?: number;
  /** How many `uniform` leaves out between two: 1 keeps ranks 0, 2, 4, …; 2 keeps 0, 3, 6, … */
  interval?: number;
}

/** Fills in the defaults and checks. */
export function resolveHardAttention(
  who: string,
  { keep = 'largest', ...options }: HardAttentionOptions,
): Required<HardAttentionOptions> {
  if (keep !== 'largest' && keep !== 'uniform') throw unknownName(who, 'keep', keep, ['largest', 'uniform']);
  return { keep, ...resolveShare(who, options), ...resolveInterval(who, options) };
}

/**
 * Attention that drops: the channels of each image are multiplied by their weights, of which only the largest half or every
 * other is kept. An ablation of DropCov (Wang et al., NeurIPS 2022), there before the covariance, in training. What is
 * kept is a constant to the gradient, which flows through the features and through the weights that are kept.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @param weights of the channels of each image [B,d], `ecaAttention(x, …)` or `seAttention(x, …)`
 * @returns [B,M,d]
 */
export function hardAttention(x: Tensor, weights: Tensor2D, options: HardAttentionOptions = {}): Tensor3D {
  const resolved = resolveHardAttention('hardAttention', options);
  return tidy(() => {
    const rows = asRows('hardAttention', x);
    const [batch, , channels] = rows.shape;
    checkArgument(
      String(weights.shape) === String([batch, channels]),
      () => `hardAttention: weights must be [B,d] = [${batch},${channels}] like the features, got [${weights.shape}]`,
    );
    return mul(rows, expandDims(mul(weights, hardMask(weights, resolved)), 1));
  });
}

/** Where the weights [B,d] of the channels that are kept stand. */
export function hardMask(weights: Tensor2D, { keep, share, interval }: Required<HardAttentionOptions>): Tensor2D {
  return keep === 'largest' ? largestMask(weights, share) : rankMask(weights, interval, 0);
}
