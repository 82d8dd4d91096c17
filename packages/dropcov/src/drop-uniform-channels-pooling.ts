import { maskSeed, type PoolingConfig, poolings, registerLayer } from '@covpool/core';
import { triuCovariance } from '@covpool/covariance';
import type { serialization, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { dropUniformChannels } from './drop-uniform-channels.ts';
import { type IntervalOptions, resolveInterval } from './stride-mask.ts';
import { paper, TrainingOnlyPooling } from './training-only-pooling.ts';

export interface DropUniformChannelsPoolingConfig extends PoolingConfig, IntervalOptions {}

/** The upper triangle of the covariance of features, of which training keeps every second or third channel. */
export class DropUniformChannelsPooling extends TrainingOnlyPooling {
  static className = 'covpool/dropcov/DropUniformChannelsPooling';
  private readonly options: Required<IntervalOptions>;

  constructor(config: DropUniformChannelsPoolingConfig) {
    super(config);
    this.options = resolveInterval(this.name, config);
  }

  protected override poolInTraining(features: Tensor3D): Tensor2D {
    return triuCovariance(dropUniformChannels(features, { ...this.options, seed: maskSeed(this.name) }));
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(DropUniformChannelsPooling);

/** A layer to covariance descriptors [B,d(d+1)/2] for which training keeps every second or third channel. */
export const dropUniformChannelsPooling = (config: DropUniformChannelsPoolingConfig = {}): DropUniformChannelsPooling =>
  new DropUniformChannelsPooling(config);

poolings.register('dropcov-channel', {
  create: dropUniformChannelsPooling,
  options: ['interval'],
  summary: 'covariance of channels dropped at even distances in training, upper triangle',
  paper,
  function: 'dropUniformChannels',
  layer: 'dropUniformChannelsPooling',
  gradient: 'automatic',
  engines: 'all',
});
