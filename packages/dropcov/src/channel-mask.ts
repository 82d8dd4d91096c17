import { Random } from '@covpool/base';
import { defineKernel } from '@covpool/core';
import {
  cast,
  div,
  greaterEqual,
  maximum,
  type Scalar,
  sub,
  type Tensor,
  tensor2d,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { withoutGradient } from './without-gradient.ts';

/** Uniform numbers in [0, 1) that float32 holds exactly, so that a rate of 1 drops everything. */
function uniformValues(length: number, seed: number): Float32Array {
  const random = new Random(seed, 'channel-mask');
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = (random.nextUint32() >>> 8) / 2 ** 24;
  return values;
}

interface MaskAttributes {
  batch: number;
  channels: number;
  seed: number;
}

// At rate 1 nothing is kept: 0, not 0/0.
const LEAST_KEPT = 1e-12;

const maskKernel = defineKernel<{ rate: Tensor }, MaskAttributes>({
  name: 'ChannelMask',
  composed({ rate }, { batch, channels, seed }) {
    const uniform = tensor2d(uniformValues(batch * channels, seed), [batch, channels]);
    return [div(cast(greaterEqual(uniform, rate), 'float32'), maximum(sub(1, rate), LEAST_KEPT))];
  },
  host({ rate }, { batch, channels, seed }) {
    const dropped = rate.values[0]!;
    const kept = Math.fround(1 / Math.max(Math.fround(1 - dropped), LEAST_KEPT));
    const values = uniformValues(batch * channels, seed);
    for (let i = 0; i < values.length; i++) values[i] = values[i]! >= dropped ? kept : 0;
    return [{ shape: [batch, channels], values }];
  },
});

/**
 * A mask for dropout of whole channels: each channel of each image is 0 with probability ρ, else 1/(1−ρ). It is a function of
 * the seed and of ρ; with one seed, a higher rate drops what a lower one drops and more.
 *
 * @param rate ρ in [0,1], a scalar on the device; no gradient flows to it
 * @returns [B,d]
 */
export function channelMask(batch: number, channels: number, rate: Scalar, seed: number): Tensor2D {
  return withoutGradient(() => maskKernel({ rate }, { batch, channels, seed })[0] as Tensor2D);
}
