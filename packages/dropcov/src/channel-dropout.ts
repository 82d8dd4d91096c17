import { checkArgument, Random } from '@covpool/base';
import {
  cast,
  div,
  greaterEqual,
  maximum,
  mul,
  type Scalar,
  sub,
  tensor,
  type Tensor3D,
  tidy,
} from '@tensorflow/tfjs-core';
import { withoutGradient } from './without-gradient.ts';

/** Uniform numbers in [0, 1) that float32 holds exactly, so that a rate of 1 drops everything. */
function uniformValues(length: number, seed: number): Float32Array {
  const random = new Random(seed, 'channel-dropout');
  return Float32Array.from({ length }, () => (random.nextUint32() >>> 8) / 2 ** 24);
}

/**
 * Dropout of whole channels: each channel of each image is zero at every position with probability ρ, else multiplied by
 * 1/(1−ρ). The mask is a function of the seed and of ρ; with one seed, a higher rate drops what a lower one drops and more.
 *
 * @param x features [B,M,d]
 * @param rate ρ in [0,1], a scalar on the device; no gradient flows to it
 * @returns [B,M,d]
 */
export function channelDropout(x: Tensor3D, rate: Scalar, seed: number): Tensor3D {
  checkArgument(
    x.rank === 3 && rate.size === 1,
    () => `channelDropout: x must be [B,M,d] and rate one number, got [${x.shape}] and [${rate.shape}]`,
  );
  const [batch, , channels] = x.shape;
  return tidy(() => {
    const mask = withoutGradient(() => {
      const uniform = tensor(uniformValues(batch * channels, seed), [batch, 1, channels]);
      const kept = cast(greaterEqual(uniform, rate), 'float32');
      return div(kept, maximum(sub(1, rate), 1e-12)); // at rate 1 nothing is kept: 0, not 0/0
    });
    return mul(x, mask);
  });
}
