import { checkPositiveWhole } from '@covpool/base';
import {
  add,
  mean,
  mul,
  reshape,
  rsqrt,
  type serialization,
  square,
  sub,
  type Tensor,
  tidy,
} from '@tensorflow/tfjs-core';
import { AffineNorm } from './affine-norm.ts';
import { type LayerConfig, onlyInput, registerLayer } from './named-layer.ts';

export interface GroupNormConfig extends LayerConfig {
  /** As many as divide the channels, at most this: 32 by default. */
  groups?: number;
  epsilon?: number;
}

/**
 * Group normalisation (Wu & He, ECCV 2018), channels last: each picture's channels are cut into groups of neighbours, each of which
 * is normalised by its own mean and biased variance over all positions, `y = weight·(x − μ)/√(σ² + ε) + bias`. It computes the same in
 * training and outside of it, whatever else is in the batch.
 */
export class GroupNorm extends AffineNorm {
  static className = 'covpool/core/GroupNorm';
  private readonly options: { groups: number; epsilon: number };

  constructor(config: GroupNormConfig = {}) {
    super(config);
    const { groups = 32, epsilon = 1e-5 } = config;
    checkPositiveWhole(this.name, 'groups', groups);
    this.options = { groups, epsilon };
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const x = onlyInput(inputs);
    return tidy(() => {
      const [batch, channels] = [x.shape[0]!, x.shape.at(-1)!];
      const groups = largestDivisor(channels, this.options.groups);
      const grouped = reshape(x, [batch, -1, groups, channels / groups]);
      const centred = sub(grouped, mean(grouped, [1, 3], true));
      const variance = mean(square(centred), [1, 3], true);
      const normalised = reshape(mul(centred, rsqrt(add(variance, this.options.epsilon))), x.shape);
      return add(mul(normalised, this.scale.read()), this.offset.read());
    });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

function largestDivisor(channels: number, most: number): number {
  let divisor = Math.min(channels, most);
  while (channels % divisor !== 0) divisor--;
  return divisor;
}

registerLayer(GroupNorm);
