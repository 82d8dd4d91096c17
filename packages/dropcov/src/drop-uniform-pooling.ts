import { maskSeed, type PoolingConfig, poolings, registerLayer } from '@covpool/core';
import { triuCovariance } from '@covpool/covariance';
import type { serialization, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { dropUniform } from './drop-uniform.ts';
import { type IntervalOptions, resolveInterval } from './stride-mask.ts';
import { paper, TrainingOnlyPooling } from './training-only-pooling.ts';

export interface DropUniformPoolingConfig extends PoolingConfig, IntervalOptions {}

/** The upper triangle of the covariance, of which training keeps every second or third value. */
export class DropUniformPooling extends TrainingOnlyPooling {
  static className = 'covpool/dropcov/DropUniformPooling';
  private readonly options: Required<IntervalOptions>;

  constructor(config: DropUniformPoolingConfig) {
    super(config);
    this.options = resolveInterval(this.name, config);
  }

  protected override poolInTraining(features: Tensor3D): Tensor2D {
    return dropUniform(triuCovariance(features), { ...this.options, seed: maskSeed(this.name) });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(DropUniformPooling);

/** A layer to covariance descriptors [B,d(d+1)/2] of which training zeroes every second value, or two of three. */
export const dropUniformPooling = (config: DropUniformPoolingConfig = {}): DropUniformPooling =>
  new DropUniformPooling(config);

poolings.register('dropcov-uniform', {
  create: dropUniformPooling,
  options: ['interval'],
  summary: 'covariance whose entries are dropped at even distances in training, upper triangle',
  paper,
  function: 'dropUniform',
  layer: 'dropUniformPooling',
  gradient: 'automatic',
  engines: 'all',
});
