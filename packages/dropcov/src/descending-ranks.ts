import { cast, neg, topk, type Tensor2D } from '@tensorflow/tfjs-core';

/**
 * Each value's rank in its row, 0 for the largest; of equal values the first comes first. Two sorts on the device, no
 * gradient: use it inside `withoutGradient`.
 *
 * @param v [B,F], finite
 * @returns [B,F], int32, each row a permutation of 0 … F−1
 */
export function descendingRanks(v: Tensor2D): Tensor2D {
  const length = v.shape[1];
  // The places in the order of their values; sorting these places in turn inverts the permutation. float32 holds them exactly.
  const places = cast(topk(v, length).indices, 'float32');
  return topk(neg(places), length).indices as Tensor2D;
}
