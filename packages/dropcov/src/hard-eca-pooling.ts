import { type PoolingConfig, poolings, registerLayer, torchUniform } from '@covpool/core';
import { triuMaskedCovariance } from '@covpool/covariance';
import type { serialization, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { ecaAttention } from './eca-attention.ts';
import { type HardAttentionOptions, hardMask, resolveHardAttention } from './hard-attention.ts';
import { paper, TrainingOnlyPooling } from './training-only-pooling.ts';

export interface HardEcaPoolingConfig extends PoolingConfig, HardAttentionOptions {}

/** The upper triangle of the covariance of features that in training pass through a dropping channel attention (ECA). */
export class HardEcaPooling extends TrainingOnlyPooling {
  static className = 'covpool/dropcov/HardEcaPooling';
  private readonly options: Required<HardAttentionOptions>;
  private kernel!: LayerVariable;

  constructor(config: HardEcaPoolingConfig) {
    super(config);
    this.options = resolveHardAttention(this.name, config);
  }

  protected override buildPooling(): void {
    this.kernel = this.addNamedWeight('eca_layer.conv.weight', [3, 1, 1], torchUniform(3), { toTorch: [2, 1, 0] });
  }

  protected override poolInTraining(features: Tensor3D): Tensor2D {
    const weights = ecaAttention(features, this.kernel.read() as Tensor3D);
    return triuMaskedCovariance(features, weights, hardMask(weights, this.options));
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(HardEcaPooling);

/** A layer to covariance descriptors [B,d(d+1)/2] with efficient channel attention that drops, in training alone. */
export const hardEcaPooling = (config: HardEcaPoolingConfig = {}): HardEcaPooling => new HardEcaPooling(config);

poolings.register('dropcov-hard-eca', {
  create: hardEcaPooling,
  options: ['keep', 'share', 'interval'],
  summary: 'covariance after efficient channel attention that drops channels in training, upper triangle',
  paper,
  function: 'hardAttention',
  layer: 'hardEcaPooling',
  gradient: 'analytic',
  engines: 'all',
});
