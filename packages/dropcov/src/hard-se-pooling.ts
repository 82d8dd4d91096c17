import { checkPositiveWhole } from '@covpool/base';
import { type PoolingConfig, poolings, registerLayer, torchUniform } from '@covpool/core';
import { triuMaskedCovariance } from '@covpool/covariance';
import type { serialization, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { type HardAttentionOptions, hardMask, resolveHardAttention } from './hard-attention.ts';
import { seAttention } from './se-attention.ts';
import { paper, TrainingOnlyPooling } from './training-only-pooling.ts';

export interface HardSeOptions extends HardAttentionOptions {
  /** The hidden layer has d/reduction values, at least one. */
  reduction?: number;
}

export interface HardSePoolingConfig extends PoolingConfig, HardSeOptions {}

/** The upper triangle of the covariance of features that in training pass through a dropping squeeze-and-excitation. */
export class HardSePooling extends TrainingOnlyPooling {
  static className = 'covpool/dropcov/HardSePooling';
  private readonly options: Required<HardSeOptions>;
  private squeeze!: LayerVariable;
  private excite!: LayerVariable;

  constructor(config: HardSePoolingConfig) {
    super(config);
    const { reduction = 16 } = config;
    checkPositiveWhole(this.name, 'reduction', reduction);
    this.options = { ...resolveHardAttention(this.name, config), reduction };
  }

  protected override buildPooling(channels: number): void {
    const hidden = Math.max(1, Math.floor(channels / this.options.reduction));
    const toTorch = [1, 0];
    this.squeeze = this.addNamedWeight('se_layer.fc.0.weight', [channels, hidden], torchUniform(channels), { toTorch });
    this.excite = this.addNamedWeight('se_layer.fc.2.weight', [hidden, channels], torchUniform(hidden), { toTorch });
  }

  protected override poolInTraining(features: Tensor3D): Tensor2D {
    const weights = seAttention(features, this.squeeze.read() as Tensor2D, this.excite.read() as Tensor2D);
    return triuMaskedCovariance(features, weights, hardMask(weights, this.options));
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(HardSePooling);

/** A layer to covariance descriptors [B,d(d+1)/2] with squeeze-and-excitation that drops, in training alone. */
export const hardSePooling = (config: HardSePoolingConfig = {}): HardSePooling => new HardSePooling(config);

poolings.register('dropcov-hard-se', {
  create: hardSePooling,
  options: ['keep', 'share', 'interval', 'reduction'],
  summary: 'covariance after squeeze-and-excitation that drops channels in training, upper triangle',
  paper,
  function: 'hardAttention',
  layer: 'hardSePooling',
  gradient: 'analytic',
  engines: 'all',
});
