import { checkArgument, unknownName } from '@covpool/base';
import { type Centering, crossCovariance } from '@covpool/covariance';
import {
  add,
  expandDims,
  mul,
  scalar,
  type Scalar,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tidy,
} from '@tensorflow/tfjs-core';
import { adaptiveDropRate, type DropRateOptions, resolveDropRate } from './adaptive-drop-rate.ts';
import { channelMask } from './channel-mask.ts';
import { withoutGradient } from './without-gradient.ts';

/** What is dropped as one: a channel at every position, or a position (a token) in every channel. */
export type DropAxis = 'channel' | 'token';

export interface CrossDropCovOptions extends DropRateOptions {
  /** Whether anything is dropped at all. */
  training?: boolean;
  /** What the mask is drawn from. */
  seed?: number;
  /** What is subtracted: each channel's mean, one mean per image, or nothing. */
  centering?: Centering;
  dropAxis?: DropAxis;
  /** ω, a softmax over the channels of each image [B,r]: features are weighted by 1+ω, and the rate adapts. */
  attention?: Tensor2D;
  /** The rate where there is no attention. */
  rate?: number;
}

/**
 * DropCov across two sets of features (Wang et al., NeurIPS 2022, for transformers). In training, with ω the attention:
 * `Q′ = Q∘(1+ω)`, `K′ = K∘(1+ω)`, `S = crossCovariance(Q′, K′)`, `ρ = adaptiveDropRate(ω, (S + Sᵀ)1)`; one mask, for Q′ and K′
 * alike, drops channels or tokens with probability ρ and scales the others by 1/(1−ρ); the result is the cross-covariance
 * of what remains. With K = Q and centred channels this is `dropCov`.
 *
 * Outside of training it is `crossCovariance(q, k)`. Gradients flow through Q, K and, by 1+ω alone, through ω. Cost: two
 * cross-covariances in training, one without attention or outside.
 *
 * @param q features [B,N,r]
 * @param k features [B,N,r]
 * @returns [B,r,r], not symmetric
 *
 * ```ts
 * crossDropCov(q, k, { training: true, seed: 7, rate: 0.2, dropAxis: 'token' });
 * ```
 */
export function crossDropCov(
  q: Tensor3D,
  k: Tensor3D,
  { training = false, seed = 0, centering = 'channel', dropAxis = 'channel', ...rates }: CrossDropCovOptions = {},
): Tensor3D {
  checkDropAxis('crossDropCov', dropAxis);
  const { attention, rate = 0 } = rates;
  checkRate('crossDropCov', 'rate', rate);
  const rateOptions = resolveDropRate('crossDropCov', rates);
  checkArgument(
    q.rank === 3 && String(q.shape) === String(k.shape),
    () => `crossDropCov: q and k must both be [B,N,r], got [${q.shape}] and [${k.shape}]`,
  );
  const [batch, positions, channels] = q.shape;
  checkArgument(
    attention === undefined || String(attention.shape) === String([batch, channels]),
    () => `crossDropCov: attention must be [B,r] = [${batch},${channels}] like the features, got [${attention?.shape}]`,
  );
  return tidy(() => {
    if (!training || (attention === undefined && rate === 0)) return crossCovariance(q, k, { centering });
    const weights = attention && expandDims(add(attention, 1), 1);
    const weighted = (x: Tensor3D): Tensor3D => (weights ? mul(x, weights) : x);
    const [left, right] = [weighted(q), weighted(k)];
    const dropRate = attention
      ? adaptiveDropRate(attention, rowAndColumnSums(left, right, centering), rateOptions)
      : scalar(rate);
    const mask = maskOf(dropAxis, batch, positions, channels, dropRate, seed);
    return crossCovariance(mul(left, mask), mul(right, mask), { centering });
  });
}

/** `(S + Sᵀ)1`: how each channel, on either side, goes along with all others. */
function rowAndColumnSums(q: Tensor3D, k: Tensor3D, centering: Centering): Tensor2D {
  return withoutGradient(() => {
    const s = crossCovariance(q, k, { centering });
    return add(sum(s, 1), sum(s, 2)) as Tensor2D;
  });
}

function maskOf(
  axis: DropAxis,
  batch: number,
  positions: number,
  channels: number,
  rate: Scalar,
  seed: number,
): Tensor {
  return axis === 'channel'
    ? expandDims(channelMask(batch, channels, rate, seed), 1)
    : expandDims(channelMask(batch, positions, rate, seed), 2);
}

export function checkDropAxis(who: string, axis: DropAxis): void {
  if (axis !== 'channel' && axis !== 'token') throw unknownName(who, 'dropAxis', axis, ['channel', 'token']);
}

export function checkRate(who: string, name: string, rate: number): void {
  checkArgument(rate >= 0 && rate < 1, () => `${who}: ${name} must be at least 0 and below 1, got ${rate}`);
}
