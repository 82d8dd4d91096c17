import { maskSeed, type PoolingConfig, poolings, registerLayer, torchUniform } from '@covpool/core';
import type { serialization, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { type DropRateOptions, type ResolvedDropRate, resolveDropRate } from './adaptive-drop-rate.ts';
import { triuDropCov } from './drop-cov.ts';
import { dropCovPresets, presetOf } from './presets.ts';
import { paper, TrainingOnlyPooling } from './training-only-pooling.ts';

export interface DropCovPoolingConfig extends PoolingConfig, DropRateOptions {}

/**
 * DropCov pooling: the upper triangle of the covariance, whose channels are dropped at an adaptive rate in training. The
 * mask is a function of (seed, layer name, step, shard). Its one weight, the three taps of the channel attention, is named
 * `eca_layer.conv.weight` as in the authors' code and plays no part outside of training. A `preset` brings its reduction:
 * 128 channels in `paper`, 256 in `reference`.
 */
export class DropCovPooling extends TrainingOnlyPooling {
  static className = 'covpool/dropcov/DropCovPooling';
  private readonly options: ResolvedDropRate;
  private kernel!: LayerVariable;

  constructor(config: DropCovPoolingConfig) {
    super({ ...config, ...reductionOf(config) });
    this.options = resolveDropRate(this.name, config);
  }

  protected override buildPooling(): void {
    this.kernel = this.addNamedWeight('eca_layer.conv.weight', [3, 1, 1], torchUniform(3), { toTorch: [2, 1, 0] });
  }

  protected override poolInTraining(features: Tensor3D): Tensor2D {
    const kernel = this.kernel.read() as Tensor3D;
    return triuDropCov(features, kernel, { training: true, seed: maskSeed(this.name), ...this.options });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

/** The preset's reduction, where one is named and no other asked for. */
function reductionOf({ name, preset, dim, reduce }: DropCovPoolingConfig): { dim?: number } {
  if (preset === undefined || dim !== undefined || reduce !== undefined) return {};
  return { dim: presetOf(name ?? 'dropCovPooling', dropCovPresets, preset).dim };
}

registerLayer(DropCovPooling);

/**
 * A layer from features [B,H,W,C] or tokens [B,N,C] to DropCov descriptors [B,d(d+1)/2].
 *
 * ```ts
 * model.add(dropCovPooling({ dim: 128 })); // 1×1 convolution to 128 channels, then 8,256 values
 * ```
 */
export const dropCovPooling = (config: DropCovPoolingConfig = {}): DropCovPooling => new DropCovPooling(config);

poolings.register('dropcov', {
  create: dropCovPooling,
  options: ['preset', 'scale', 'maxRate'],
  summary: 'covariance after adaptive channel dropout, upper triangle',
  paper,
  function: 'dropCov',
  layer: 'dropCovPooling',
  gradient: 'analytic',
  engines: 'all',
});
