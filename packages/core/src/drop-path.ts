import { checkArgument, Random } from '@covpool/base';
import { mul, type serialization, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import {
  isTraining,
  type LayerConfig,
  type LayerShape,
  NamedLayer,
  onlyInput,
  onlyShape,
  registerLayer,
} from './named-layer.ts';
import { maskSeed } from './training-scope.ts';

export interface DropPathConfig extends LayerConfig {
  /** Probability that a sample's branch is dropped, 0 ≤ rate < 1. */
  rate: number;
}

/**
 * Stochastic depth: in training all values of a sample are 0 with probability `rate`, else divided by 1 − rate; nothing outside
 * of training. It stands at the end of a residual branch. The mask is a function of (seed, layer name, step, shard), the
 * same on every engine (Huang et al. 2016).
 */
export class DropPath extends NamedLayer {
  static className = 'covpool/core/DropPath';
  private readonly rate: number;

  constructor(config: DropPathConfig) {
    super(config);
    const { rate } = config;
    checkArgument(rate >= 0 && rate < 1, () => `${this.name}: rate must be in [0, 1), got ${rate}`);
    this.rate = rate;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    return onlyShape(inputShape);
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: unknown }): Tensor {
    const x = onlyInput(inputs);
    if (!isTraining(kwargs) || this.rate === 0) return x;
    return tidy(() => mul(x, this.mask(x.shape)));
  }

  /** [B,1,…] */
  private mask([batch = 0, ...extents]: number[]): Tensor {
    const random = new Random(maskSeed(this.name), 'drop-path');
    const kept = 1 / (1 - this.rate);
    const values = Array.from({ length: batch }, () => (random.uniform(0, 1) < this.rate ? 0 : kept));
    return tensor(values, [batch, ...extents.map(() => 1)]);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate };
  }
}

registerLayer(DropPath);
