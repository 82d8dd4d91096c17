import { checkArgument } from '@covpool/base';
import { asRows, covariance, triuCovariance, triuMaskedCovariance } from '@covpool/covariance';
import { add, expandDims, mul, softmax, type Tensor, type Tensor2D, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import {
  adaptiveDropRate,
  type DropRateOptions,
  type ResolvedDropRate,
  resolveDropRate,
} from './adaptive-drop-rate.ts';
import { channelCorrelation } from './channel-correlation.ts';
import { channelMask } from './channel-mask.ts';
import { scoresOfMeans } from './eca-scores.ts';
import { withPositionMeans } from './position-means.ts';

export interface DropCovOptions extends DropRateOptions {
  /** Whether channels are dropped at all. */
  training?: boolean;
  /** What the mask is drawn from. */
  seed?: number;
}

/**
 * DropCov (Wang, Gao, Zhang, Xie, Li & Hu, NeurIPS 2022): adaptive channel dropout before the covariance, instead of a
 * normalisation after it. In training, with ω the attention: `X′ = X∘(1+ω)`, `ρ = adaptiveDropRate(ω, cov(X′)1)`, and the
 * result is the covariance of X′ with each channel of each image dropped with probability ρ and the others scaled by 1/(1−ρ).
 * Over masks its entries off the diagonal are unbiased, those on it larger by 1/(1−ρ).
 *
 * Outside of training the result is `covariance(x)`, and the attention plays no part. Gradients flow through X and, by 1+ω alone,
 * through ω. Where the upper triangle is all that is wanted, `triuDropCov` computes less.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @param attention ω, a softmax over the channels of each image [B,d]
 * @returns [B,d,d]
 *
 * ```ts
 * dropCov(x, channelImportance(x, kernel), { training: true, seed: 7 });
 * ```
 */
export function dropCov(
  x: Tensor,
  attention: Tensor2D,
  { training = false, ...options }: DropCovOptions = {},
): Tensor3D {
  return tidy(() => {
    const rows = asRows('dropCov', x);
    const [batch, , channels] = rows.shape;
    checkArgument(
      String(attention.shape) === String([batch, channels]),
      () => `dropCov: attention must be [B,d] = [${batch},${channels}] like the features, got [${attention.shape}]`,
    );
    const drop = resolved('dropCov', options);
    if (!training) return covariance(rows);
    const { weights, mask } = channelFactors(rows, attention, drop);
    return covariance(mul(rows, expandDims(mul(weights, mask), 1)));
  });
}

/**
 * DropCov as its network has it: the upper triangle, row by row, of `dropCov` with `channelImportance` as the attention. On wasm and
 * on tensorflow dropped channels cost nothing, and no matrix leaves the processor's cache.
 *
 * Cost, k = (1−ρ)d channels kept: M·k²/2 multiply-adds forward, M·k² backward.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @param kernel the three taps of the attention [3,1,1]
 * @returns [B,d(d+1)/2]
 */
export function triuDropCov(
  x: Tensor,
  kernel: Tensor3D,
  { training = false, ...options }: DropCovOptions = {},
): Tensor2D {
  return tidy(() => {
    const features = asRows('triuDropCov', x);
    const drop = resolved('triuDropCov', options);
    if (!training) return triuCovariance(features);
    const { rows, means } = withPositionMeans(features);
    const attention = softmax(scoresOfMeans('triuDropCov', means, kernel));
    const { weights, mask } = channelFactors(rows, attention, drop);
    return triuMaskedCovariance(rows, weights, mask);
  });
}

type Drop = ResolvedDropRate & { seed: number };

const resolved = (who: string, { seed = 0, ...options }: DropCovOptions): Drop => ({
  ...resolveDropRate(who, options),
  seed,
});

/** What the channels are multiplied by: 1+ω, and the mask at the adaptive rate, a constant to the gradient. */
function channelFactors(
  rows: Tensor3D,
  attention: Tensor2D,
  { seed, ...options }: Drop,
): { weights: Tensor2D; mask: Tensor2D } {
  const [batch, , channels] = rows.shape;
  const weights = add(attention, 1) as Tensor2D;
  const rate = adaptiveDropRate(attention, channelCorrelation(rows, weights), options);
  return { weights, mask: channelMask(batch, channels, rate, seed) };
}
