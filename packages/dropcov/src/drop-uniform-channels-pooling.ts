import { maskSeed, type PoolingConfig, poolings, registerLayer } from '@covpool/core';
import { triuMaskedCovariance } from '@covpool/covariance';
import { broadcastTo, ones, type serialization, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import { type IntervalOptions, resolveInterval, strideMask } from './stride-mask.ts';
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
    const [batch, , channels] = features.shape;
    const mask = strideMask(channels, this.options.interval, maskSeed(this.name));
    return triuMaskedCovariance(features, ones([batch, channels]), broadcastTo(mask, [batch, channels]));
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
  gradient: 'analytic',
  engines: 'all',
});
