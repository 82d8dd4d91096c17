import { checkArgument } from '@covpool/base';
import { asRows, covariance, triuCovariance, triuMaskedCovariance } from '@covpool/covariance';
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
import {
  adaptiveDropRate,
  type DropRateOptions,
  type ResolvedDropRate,
  resolveDropRate,
} from './adaptive-drop-rate.ts';
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
    const rows = checkedRows('dropCov', x, attention);
    const drop = resolved('dropCov', options);
    if (!training) return covariance(rows);
    const { weights, mask } = channelFactors(rows, attention, drop);
    return covariance(mul(rows, expandDims(mul(weights, mask), 1)));
  });
}

/**
 * The upper triangle of `dropCov`, row by row, as one operation behind the mask: on wasm and on tensorflow dropped channels cost
 * nothing, and no matrix leaves the processor's cache.
 *
 * Cost, k = (1−ρ)d channels kept: M·k²/2 multiply-adds forward, M·k² backward.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @param attention ω, a softmax over the channels of each image [B,d]
 * @returns [B,d(d+1)/2]
 */
export function triuDropCov(
  x: Tensor,
  attention: Tensor2D,
  { training = false, ...options }: DropCovOptions = {},
): Tensor2D {
  return tidy(() => {
    const rows = checkedRows('triuDropCov', x, attention);
    const drop = resolved('triuDropCov', options);
    if (!training) return triuCovariance(rows);
    const { weights, mask } = channelFactors(rows, attention, drop);
    return triuMaskedCovariance(rows, weights, mask);
  });
}

type Drop = ResolvedDropRate & { seed: number };

const resolved = (who: string, { seed = 0, ...options }: DropCovOptions): Drop => ({
  ...resolveDropRate(who, options),
  seed,
});

function checkedRows(who: string, x: Tensor, attention: Tensor2D): Tensor3D {
  const rows = asRows(who, x);
  const [batch, , channels] = rows.shape;
  checkArgument(
    String(attention.shape) === String([batch, channels]),
    () => `${who}: attention must be [B,d] = [${batch},${channels}] like the features, got [${attention.shape}]`,
  );
  return rows;
}

/** What the channels are multiplied by: 1+ω, and the mask at the adaptive rate, a constant to the gradient. */
function channelFactors(
  rows: Tensor3D,
  attention: Tensor2D,
  { seed, ...options }: Drop,
): { weights: Tensor2D; mask: Tensor2D } {
  const [batch, , channels] = rows.shape;
  const weights = add(attention, 1) as Tensor2D;
  const correlation = withoutGradient(() => mul(weights, covarianceTimes(rows, expandDims(weights, 2))) as Tensor2D);
  const rate = adaptiveDropRate(attention, correlation, options);
  return { weights, mask: channelMask(batch, channels, rate, seed) };
}

/** `cov(X) w = Xᵀ(X w − mean)/M` of columns w [B,d,1], without the covariance: less their mean, the products centre X. */
function covarianceTimes(x: Tensor3D, w: Tensor): Tensor {
  const across = matMul(x, w);
  const sums = matMul(sub(across, mean(across, 1, true)), x, true, false);
  return mul(squeeze(sums, [1]), 1 / x.shape[1]);
}
