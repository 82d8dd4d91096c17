import { checkArgument } from '@covpool/base';
import { asRows, covariance } from '@covpool/covariance';
import {
  add,
  expandDims,
  matMul,
  mean,
  mul,
  squeeze,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tidy,
} from '@tensorflow/tfjs-core';
import { adaptiveDropRate, checkMaxRate } from './adaptive-drop-rate.ts';
import { channelDropout } from './channel-dropout.ts';
import { withoutGradient } from './without-gradient.ts';

/** What a training step needs to know. */
export interface DropCovOptions {
  /** Whether channels are dropped at all. */
  training?: boolean;
  /** What the mask is drawn from. */
  seed?: number;
  /** The highest rate; 1 for parity with the authors' code. */
  maxRate?: number;
}

/** Row sums of each covariance [B,d], `Σ1 = X̄ᵀ(X̄1)/M`: M·d operations, no matrix. */
function covarianceRowSums(x: Tensor3D): Tensor2D {
  const centred = sub(x, mean(x, 1, true));
  const sums = matMul(centred, sum(centred, 2, true), true, false);
  return mul(squeeze(sums, [2]), 1 / x.shape[1]) as Tensor2D;
}

/**
 * DropCov (Wang et al., NeurIPS 2022): adaptive channel dropout before the covariance, instead of a
 * normalisation after it. In training, with ω the attention:
 * `X′ = X∘(1+ω)`, `ρ = adaptiveDropRate(ω, cov(X′)1)`, and the result is `cov(channelDropout(X′, ρ))`. Over masks its
 * entries off the diagonal are unbiased, those on it larger by 1/(1−ρ).
 *
 * Outside of training it is `covariance(x)`, and the attention plays no part. Gradients flow through X and, by X′ alone,
 * through ω. Cost beside the covariance: a few M·d.
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
  { training = false, seed = 0, maxRate = 0.95 }: DropCovOptions = {},
): Tensor3D {
  checkMaxRate('dropCov', maxRate);
  return tidy(() => {
    const rows = asRows('dropCov', x);
    const [batch, , channels] = rows.shape;
    checkArgument(
      String(attention.shape) === String([batch, channels]),
      () => `dropCov: attention must be [B,d] = [${batch},${channels}] like the features, got [${attention.shape}]`,
    );
    if (!training) return covariance(rows);
    const weighted = mul(rows, expandDims(add(attention, 1), 1)) as Tensor3D;
    const correlation = withoutGradient(() => covarianceRowSums(weighted));
    const rate = adaptiveDropRate(attention, correlation, { maxRate });
    return covariance(channelDropout(weighted, rate, seed));
  });
}
