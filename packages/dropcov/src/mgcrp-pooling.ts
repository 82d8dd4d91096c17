import { checkArgument, unknownName } from '@covpool/base';
import {
  maskSeed,
  normalization,
  type PoolingConfig,
  PoolingLayer,
  poolings,
  registerLayer,
  torchUniform,
} from '@covpool/core';

import type { Centering } from '@covpool/covariance';
import type { serialization, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import type { layers, LayerVariable } from '@tensorflow/tfjs-layers';
import { type DropRateOptions, resolveDropRate } from './adaptive-drop-rate.ts';
import { checkDropAxis, checkRate, type DropAxis } from './cross-drop-cov.ts';
import { mgcrpPresets, type MgcrpPresetName } from './mgcrp-presets.ts';
import { multiHeadCrossCovariance } from './multi-head-cross-covariance.ts';
import { presetOf } from './presets.ts';
import { paper } from './training-only-pooling.ts';

/** A normalisation as data: a name of the registry, with its options. */
export type NormalizationSpec = { name: string } & Record<string, unknown>;

export interface MgcrpPoolingConfig extends PoolingConfig, Omit<DropRateOptions, 'preset'> {
  /** What the others are where they are absent; `reference` is the authors' released code. */
  preset?: MgcrpPresetName;
  heads?: number;
  /** Channels r of each head. */
  headDim?: number;
  /** What is subtracted: each channel's mean, one mean per image and head, or nothing. */
  centering?: Centering;
  /** Whether channels or tokens are dropped. */
  dropAxis?: DropAxis;
  /** The rate of dropping channels or tokens: DropCov's, or a fixed one. */
  rate?: 'adaptive' | number;
  /** At which rate entries of the descriptor are dropped. */
  elementRate?: number;
  /** Whether the weight has a third block, which plays no part: the released checkpoints do. */
  unusedBlock?: boolean;
  /** A normalisation of the heads' matrices, which need be neither symmetric nor definite. */
  normalization?: NormalizationSpec;
}

const centerings: readonly Centering[] = ['channel', 'scalar', 'none'];

type Options = Required<Omit<MgcrpPoolingConfig, keyof PoolingConfig | 'preset' | 'normalization'>>;

/**
 * Multi-head global cross-covariance pooling, the head of DropCov's transformers: tokens [B,N,C] (or features) to
 * [B, heads·r²]. Weights are named as in the authors' code: `wr.weight`, the linear map without bias to Q and K; where the rate
 * is adaptive `eca_layer.conv.weight`, the three taps of the channel attention, which heads share and which plays no part
 * outside of training; and a normalisation's below `norm`. Masks are functions of (seed, layer name, step, shard).
 */
export class MgcrpPooling extends PoolingLayer {
  static className = 'covpool/dropcov/MgcrpPooling';
  private readonly options: Options;
  private readonly normalization?: { spec: NormalizationSpec; layer: layers.Layer };
  private weight!: LayerVariable;
  private kernel?: LayerVariable;

  constructor(config: MgcrpPoolingConfig) {
    super(config);
    this.options = resolveOptions(this.name, config);
    if (config.normalization) {
      const { name, ...options } = config.normalization;
      const layer = this.adopt(normalization(name, { ...options, name: `${this.name}.norm` }));
      this.normalization = { spec: config.normalization, layer };
    }
  }

  protected override buildPooling(channels: number): void {
    const { heads, headDim, rate, unusedBlock } = this.options;
    const width = (unusedBlock ? 3 : 2) * heads * headDim;
    // N(0, 0.02²), as vision transformers start.
    const values = { kind: 'normal', deviation: 0.02 } as const;
    this.weight = this.addNamedWeight('wr.weight', [channels, width], values, { toTorch: [1, 0] });
    if (rate === 'adaptive') {
      this.kernel = this.addNamedWeight('eca_layer.conv.weight', [3, 1, 1], torchUniform(3), { toTorch: [2, 1, 0] });
    }
    if (this.normalization) this.buildChain([this.normalization.layer], [null, headDim, headDim]);
  }

  protected override descriptorLength(): number {
    return this.options.heads * this.options.headDim ** 2;
  }

  protected override pool(features: Tensor3D, training: boolean): Tensor2D {
    const { heads, headDim, centering, dropAxis, rate, elementRate, scale, maxRate } = this.options;
    const { layer } = this.normalization ?? {};
    return multiHeadCrossCovariance(features, this.weight.read() as Tensor2D, {
      heads,
      headDim,
      centering,
      dropAxis,
      elementRate,
      scale,
      maxRate,
      training,
      seed: training ? maskSeed(this.name) : 0,
      kernel: this.kernel?.read() as Tensor3D | undefined,
      rate: rate === 'adaptive' ? 0 : rate,
      normalize: layer && ((s) => layer.apply(s, { training }) as Tensor3D),
    });
  }

  override getConfig(): serialization.ConfigDict {
    const spec = this.normalization ? { normalization: { ...this.normalization.spec } } : {};
    return { ...super.getConfig(), ...this.options, ...(spec as serialization.ConfigDict) };
  }
}

function resolveOptions(who: string, { preset = 'paper', ...config }: MgcrpPoolingConfig): Options {
  const defaults = presetOf(who, mgcrpPresets, preset);
  const { heads = 6, headDim = 24, centering = defaults.centering, dropAxis = defaults.dropAxis } = config;
  const { rate = defaults.rate, elementRate = defaults.elementRate, unusedBlock = defaults.unusedBlock } = config;
  checkArgument(
    Number.isInteger(heads) && heads > 0 && Number.isInteger(headDim) && headDim > (rate === 'adaptive' ? 1 : 0),
    () =>
      `${who}: heads and headDim must be positive whole numbers, headDim from 2 for an adaptive rate, got ${heads} and ${headDim}`,
  );
  if (!centerings.includes(centering)) throw unknownName(who, 'centering', centering, centerings);
  checkDropAxis(who, dropAxis);
  if (rate !== 'adaptive') checkRate(who, 'rate', rate);
  checkRate(who, 'elementRate', elementRate);
  const { scale, maxRate } = config;
  return {
    heads,
    headDim,
    centering,
    dropAxis,
    rate,
    elementRate,
    unusedBlock,
    ...resolveDropRate(who, { scale, maxRate }),
  };
}

registerLayer(MgcrpPooling);

/**
 * A layer from tokens [B,N,C] or features [B,H,W,C] to the cross-covariances of its heads [B, heads·headDim²].
 *
 * ```ts
 * mgcrpPooling({ heads: 6, headDim: 14 }); // 1,176 values
 * ```
 */
export const mgcrpPooling = (config: MgcrpPoolingConfig = {}): MgcrpPooling => new MgcrpPooling(config);

poolings.register('mgcrp', {
  create: mgcrpPooling,
  options: [
    'preset',
    'heads',
    'headDim',
    'centering',
    'dropAxis',
    'rate',
    'elementRate',
    'unusedBlock',
    'normalization',
    'scale',
    'maxRate',
  ],
  compact: true,
  summary: 'cross-covariances of several heads, channels or tokens dropped in training, full matrices',
  paper,
  function: 'multiHeadCrossCovariance',
  layer: 'mgcrpPooling',
  gradient: 'automatic',
  engines: 'all',
});
