import { type PoolingConfig, poolings, registerLayer } from '@covpool/core';
import { triuCovariance } from '@covpool/covariance';
import type { serialization, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { keepLargest, type KeepLargestOptions, resolveShare } from './keep-largest.ts';
import { paper, TrainingOnlyPooling } from './training-only-pooling.ts';

export interface KeepLargestPoolingConfig extends PoolingConfig, KeepLargestOptions {}

/** The upper triangle of the covariance, of which training keeps the largest values of each image. */
export class KeepLargestPooling extends TrainingOnlyPooling {
  static className = 'covpool/dropcov/KeepLargestPooling';
  private readonly options: Required<KeepLargestOptions>;

  constructor(config: KeepLargestPoolingConfig) {
    super(config);
    this.options = resolveShare(this.name, config);
  }

  protected override poolInTraining(features: Tensor3D): Tensor2D {
    return keepLargest(triuCovariance(features), this.options);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(KeepLargestPooling);

/** A layer to covariance descriptors [B,d(d+1)/2] of which training keeps the largest `share`. */
export const keepLargestPooling = (config: KeepLargestPoolingConfig = {}): KeepLargestPooling =>
  new KeepLargestPooling(config);

poolings.register('dropcov-largest', {
  create: keepLargestPooling,
  options: ['share'],
  summary: 'covariance whose largest entries alone are kept in training, upper triangle',
  paper,
  function: 'keepLargest',
  layer: 'keepLargestPooling',
  gradient: 'automatic',
  engines: 'all',
});
