import { Random } from '@covpool/base';
import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { Dropout } from './dropout.ts';
import { registerLayer } from './named-layer.ts';
import { maskSeed } from './training-scope.ts';

/**
 * Stochastic depth: in training all values of a sample are 0 with probability `rate`, else divided by 1 − rate; nothing outside
 * of training. It stands at the end of a residual branch. The mask is a function of (seed, layer name, step, shard), the
 * same on every engine (Huang et al. 2016).
 */
export class DropPath extends Dropout {
  static override className = 'covpool/core/DropPath';

  /** [B,1,…] */
  protected override mask([batch = 0, ...extents]: number[]): Tensor {
    const random = new Random(maskSeed(this.name), 'drop-path');
    const kept = 1 / (1 - this.rate);
    const values = Array.from({ length: batch }, () => (random.uniform(0, 1) < this.rate ? 0 : kept));
    return tensor(values, [batch, ...extents.map(() => 1)]);
  }
}

registerLayer(DropPath);
