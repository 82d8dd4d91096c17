import { checkArgument } from '@covpool/base';
import { defineKernel } from '@covpool/core';
import {
  add,
  div,
  maximum,
  mean,
  minimum,
  mul,
  norm,
  type Scalar,
  sub,
  sum,
  type Tensor,
  type Tensor2D,
} from '@tensorflow/tfjs-core';
import { dropCovPresets, type DropCovPresetName, presetOf } from './presets.ts';
import { withoutGradient } from './without-gradient.ts';

/** How the rate is set. */
export interface DropRateOptions {
  /** What the others are where they are absent. */
  preset?: DropCovPresetName;
  /** The constant D of the paper; 10 in the authors' code. */
  scale?: number;
  /** The highest rate, 0.95. The authors' code has 1, which can drop every feature of a step. */
  maxRate?: number;
}

export type ResolvedDropRate = Required<Omit<DropRateOptions, 'preset'>>;

/** Fills in the preset and checks. */
export function resolveDropRate(who: string, { preset = 'paper', ...options }: DropRateOptions): ResolvedDropRate {
  const defaults = presetOf(who, dropCovPresets, preset);
  const { scale = defaults.scale, maxRate = defaults.maxRate } = options;
  checkArgument(maxRate >= 0 && maxRate <= 1, () => `${who}: maxRate must lie between 0 and 1, got ${maxRate}`);
  checkArgument(scale >= 0 && scale < Infinity, () => `${who}: scale must be a number from 0, got ${scale}`);
  return { scale, maxRate };
}

/** Keeps the cosine of a vector without length at 0. */
const NORM_EPSILON = 1e-12;

interface RateAttributes {
  slope: number;
  maxRate: number;
}

const rateKernel = defineKernel<{ importance: Tensor; correlation: Tensor }, RateAttributes>({
  name: 'AdaptiveDropRate',
  composed({ importance, correlation }, { slope, maxRate }) {
    const lengths = mul(norm(importance, 2, 1), norm(correlation, 2, 1));
    const cosines = div(sum(mul(importance, correlation), 1), add(lengths, NORM_EPSILON));
    return [minimum(maximum(sub(1, mul(mean(cosines), slope)), 0), maxRate)];
  },
  host({ importance, correlation }, { slope, maxRate }) {
    const [batch, channels] = importance.shape as [number, number];
    let cosines = 0;
    for (let b = 0; b < batch; b++) {
      let [both, first, second] = [0, 0, 0];
      for (let i = b * channels; i < (b + 1) * channels; i++) {
        const [p, q] = [importance.values[i]!, correlation.values[i]!];
        both += p * q;
        first += p * p;
        second += q * q;
      }
      cosines += both / (Math.sqrt(first) * Math.sqrt(second) + NORM_EPSILON);
    }
    const rate = 1 - (cosines / batch) * slope;
    return [{ shape: [], values: Float32Array.of(Math.min(Math.max(rate, 0), maxRate)) }];
  },
});

/**
 * DropCov's rate (Wang et al., NeurIPS 2022), one for the whole batch:
 * `ρ = clamp(1 − (10 / log₂ d) · mean_b cos(ω_b, π_b), 0, maxRate)`. Channels whose importance ω goes along with their
 * correlation π are left alone; the factor is 1.67 for d = 64, 1.43 for 128, 1.25 for 256, 1 for 1024; at cosine 0.6, 0.7, 0.8 and 1 nothing is dropped.
 *
 * The rate is a constant to the gradient, as in the authors' code, and stays on the device. A vector without length has
 * cosine 0.
 *
 * @param importance ω, each channel's weight in each image [B,d], d from 2
 * @param correlation π, the row sums of each image's covariance [B,d]
 * @returns a scalar
 *
 * ```ts
 * adaptiveDropRate(fill([1, 256], 1 / 256), cast(oneHot([0], 256), 'float32')); // cosine 1/16: 0.921875
 * ```
 */
export function adaptiveDropRate(importance: Tensor2D, correlation: Tensor2D, options: DropRateOptions = {}): Scalar {
  const { scale, maxRate } = resolveDropRate('adaptiveDropRate', options);
  const channels = importance.shape[1]!;
  checkArgument(
    importance.rank === 2 && channels >= 2 && String(importance.shape) === String(correlation.shape),
    () =>
      'adaptiveDropRate: importance and correlation must both be [B,d] with d at least 2, ' +
      `got [${importance.shape}] and [${correlation.shape}]`,
  );
  const slope = scale / Math.log2(channels);
  return withoutGradient(() => rateKernel({ importance, correlation }, { slope, maxRate })[0] as Scalar);
}
