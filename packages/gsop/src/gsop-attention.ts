import { CovpoolError } from '@covpool/base';
import { attentions, BatchNorm, onlyInput, registerLayer } from '@covpool/core';
import { add, maximum, type serialization, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { AttentionLayer } from './attention-layer.ts';
import { GroupedConvolution } from './grouped-convolution-layer.ts';
import { GsopChannelAttention, type GsopChannelAttentionConfig } from './gsop-channel-attention.ts';
import { GsopSpatialAttention, type GsopSpatialAttentionConfig } from './gsop-spatial-attention.ts';
import { paper } from './paper.ts';

/** How the outputs of the channel block and of the spatial block become one. */
export type GsopFusion = 'average' | 'max' | 'concat';

const fusions: readonly GsopFusion[] = ['average', 'max', 'concat'];

export interface GsopAttentionConfig extends GsopChannelAttentionConfig, GsopSpatialAttentionConfig {
  /** `average` by default. */
  fusion?: GsopFusion;
}

/**
 * Attention to channels and to positions at once: `gsopChannelAttention` and `gsopSpatialAttention` of the same features,
 * fused. `average`: their sum, which the authors do not halve; `max`: the larger value in each place; `concat`: one
 * convolution of each in `C/64` groups with a kernel of `2f+5` rows and one column, `f = ⌊log₂(32·64/C)⌋` (2048 channels: 5), summed, then batch
 * normalisation. Weights have the authors' names, those of both blocks and, for `concat`, `dilate_conv_for_concat1`,
 * `dilate_conv_for_concat2`, `bn_for_concat`.
 *
 * The authors' groups fit 64 channels and more; fewer are one group.
 *
 * Paper: Gao, Xie, Wang & Li, Global Second-order Pooling Convolutional Networks, CVPR 2019.
 */
export class GsopAttention extends AttentionLayer {
  static className = 'covpool/gsop/GsopAttention';
  private readonly options: { dim: number; strides: number; reference: boolean; fusion: GsopFusion };
  private readonly channel: GsopChannelAttention;
  private readonly spatial: GsopSpatialAttention;
  private readonly concatenation?: {
    channel: GroupedConvolution;
    spatial: GroupedConvolution;
    normalisation: BatchNorm;
  };

  constructor(config: GsopAttentionConfig = {}) {
    super(config);
    const { dim = 128, strides = 1, reference = false, fusion = 'average' } = config;
    if (!fusions.includes(fusion)) {
      throw new CovpoolError(
        'bad-argument',
        `${this.name}: fusion must be one of ${fusions.join(', ')}, got ${fusion}`,
      );
    }
    this.options = { dim, strides, reference, fusion };
    const { name } = this;
    this.channel = this.adopt(new GsopChannelAttention({ name, dim, strides }));
    this.spatial = this.adopt(new GsopSpatialAttention({ name, dim, reference }));
    if (fusion !== 'concat') return;
    this.concatenation = {
      channel: this.adopt(new GroupedConvolution({ name: `${name}.dilate_conv_for_concat1` })),
      spatial: this.adopt(new GroupedConvolution({ name: `${name}.dilate_conv_for_concat2` })),
      normalisation: this.adopt(new BatchNorm({ name: `${name}.bn_for_concat` })),
    };
  }

  protected override buildParts(channels: number): void {
    const shape = [null, null, null, channels];
    this.buildChain([this.channel], shape);
    this.buildChain([this.spatial], shape);
    if (!this.concatenation) return;
    this.buildChain([this.concatenation.channel, this.concatenation.normalisation], shape);
    this.buildChain([this.concatenation.spatial], shape);
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: unknown }): Tensor {
    return tidy(() => {
      const features = onlyInput(inputs);
      const channel = this.channel.apply(features, kwargs) as Tensor;
      const spatial = this.spatial.apply(features, kwargs) as Tensor;
      const { concatenation } = this;
      if (!concatenation) return this.options.fusion === 'max' ? maximum(channel, spatial) : add(channel, spatial);
      const convolved = [concatenation.channel.apply(channel), concatenation.spatial.apply(spatial)] as [
        Tensor,
        Tensor,
      ];
      return concatenation.normalisation.apply(add(...convolved), kwargs) as Tensor;
    });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(GsopAttention);

/**
 * A layer that weights the channels and the positions of features [B,H,W,C].
 *
 * ```ts
 * model.add(gsopAttention({ dim: 64, fusion: 'max' }));
 * ```
 * @throws bad-argument for options out of range
 */
export const gsopAttention = (config: GsopAttentionConfig = {}): GsopAttention => new GsopAttention(config);

attentions.register('gsop', {
  create: gsopAttention,
  options: ['dim', 'strides', 'reference', 'fusion'],
  summary: 'weights channels and positions, each by its covariance, and fuses both',
  paper,
  layer: 'gsopAttention',
  gradient: 'automatic',
  engines: 'all',
});
