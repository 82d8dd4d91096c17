import { type PoolingConfig, poolings, registerLayer } from '@covpool/core';
import { triuCovariance } from '@covpool/covariance';
import type { serialization, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { dropUniformRanks } from './drop-uniform-ranks.ts';
import { type IntervalOptions, resolveInterval } from './stride-mask.ts';
import { paper, TrainingOnlyPooling } from './training-only-pooling.ts';

export interface DropUniformRanksPoolingConfig extends PoolingConfig, IntervalOptions {}

/** The upper triangle of the covariance, of which training keeps every second or third value in the order of size. */
export class DropUniformRanksPooling extends TrainingOnlyPooling {
  static className = 'covpool/dropcov/DropUniformRanksPooling';
  private readonly options: Required<IntervalOptions>;

  constructor(config: DropUniformRanksPoolingConfig) {
    super(config);
    this.options = resolveInterval(this.name, config);
  }

  protected override poolInTraining(features: Tensor3D): Tensor2D {
    return dropUniformRanks(triuCovariance(features), this.options);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(DropUniformRanksPooling);

/** A layer to covariance descriptors [B,d(d+1)/2] of which training keeps ranks 1, 3, 5, … or 1, 4, 7, … */
export const dropUniformRanksPooling = (config: DropUniformRanksPoolingConfig = {}): DropUniformRanksPooling =>
  new DropUniformRanksPooling(config);

poolings.register('dropcov-rank', {
  create: dropUniformRanksPooling,
  options: ['interval'],
  summary: 'covariance whose entries are dropped at even distances of their ranks in training, upper triangle',
  paper,
  function: 'dropUniformRanks',
  layer: 'dropUniformRanksPooling',
  gradient: 'automatic',
  engines: 'all',
});
