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
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tidy,
} from '@tensorflow/tfjs-core';
import { adaptiveDropRate, type DropRateOptions, resolveDropRate } from './adaptive-drop-rate.ts';
import { channelMask } from './channel-mask.ts';
import { withoutGradient } from './without-gradient.ts';

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
 * All of this scales channels by factors s, and `cov(X∘s) = cov(X)∘(s sᵀ)`: one covariance is computed, and the smaller of X and cov(X)
 * scaled. Outside of training the result is `covariance(x)`, and the attention plays no part. Gradients flow through X and,
 * by 1+ω alone, through ω.
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
  { training = false, seed = 0, ...options }: DropCovOptions = {},
): Tensor3D {
  const rateOptions = resolveDropRate('dropCov', options);
  return tidy(() => {
    const rows = asRows('dropCov', x);
    const [batch, positions, channels] = rows.shape;
    checkArgument(
      String(attention.shape) === String([batch, channels]),
      () => `dropCov: attention must be [B,d] = [${batch},${channels}] like the features, got [${attention.shape}]`,
    );
    if (!training) return covariance(rows);
    const weights = add(attention, 1) as Tensor2D;
    const factorsOf = (rowSums: () => Tensor): Tensor => {
      const correlation = withoutGradient(() => mul(weights, rowSums()) as Tensor2D);
      const rate = adaptiveDropRate(attention, correlation, rateOptions);
      return mul(weights, channelMask(batch, channels, rate, seed));
    };
    if (positions < channels) {
      const factors = factorsOf(() => covarianceTimes(rows, expandDims(weights, 2)));
      return covariance(mul(rows, expandDims(factors, 1)));
    }
    const sigma = covariance(rows);
    const factors = factorsOf(() => squeeze(matMul(sigma, expandDims(weights, 2)), [2]));
    return mul(mul(sigma, expandDims(factors, 2)), expandDims(factors, 1));
  });
}

/** `cov(X) w = Xᵀ(X w − mean)/M` of columns w [B,d,1], without the covariance: less their mean, the products centre X. */
function covarianceTimes(x: Tensor3D, w: Tensor): Tensor {
  const across = matMul(x, w);
  const sums = matMul(sub(across, mean(across, 1, true)), x, true, false);
  return mul(squeeze(sums, [1]), 1 / x.shape[1]);
}
