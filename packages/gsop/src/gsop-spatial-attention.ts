import { checkPositiveWhole } from '@covpool/base';
import { attentions, BatchNorm, Conv2d, isTraining, onlyInput, registerLayer } from '@covpool/core';
import { mul, relu, reshape, type serialization, type Tensor, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { adaptiveAveragePool } from './adaptive-average-pool.ts';
import { AttentionLayer, type GsopConfig } from './attention-layer.ts';
import { paper } from './paper.ts';
import { RowExcitation } from './row-excitation.ts';
import { spatialCovariance } from './spatial-covariance.ts';

/** Positions along each side at which the map is looked at. */
const side = 8;

export interface GsopSpatialAttentionConfig extends GsopConfig {
  /** The authors' mis-centred matrix instead of the covariance of positions (`spatialCovariance`). */
  reference?: boolean;
}

/**
 * Attention to positions by how they covary (GSoP's spatial block). For features U [B,H,W,C], d = `dim`:
 * `V = pool₈ₓ₈(BN(conv₁ₓ₁(ReLU U)))` [B,64,d], `P = spatialCovariance(V)` [B,64,64], row-wise convolution and dense layer as in
 * the channel block, with a ReLU between them, `a = sigmoid(…)` [B,8,8,1]; the output is `ReLU(U·pool(a))` with a pooled back to
 * H×W. Both poolings are `adaptiveAveragePool`.
 *
 * C·d + 3d + 33,216 weights, the running averages apart. Outside of training each picture is computed by itself. Weights
 * have the authors' names: `conv_for_DR_spatial`, `bn_for_DR_spatial`, `row_bn_for_spatial`, `row_conv_group_for_spatial`,
 * `fc_adapt_channels_for_spatial`.
 *
 * Paper: Gao, Xie, Wang & Li, Global Second-order Pooling Convolutional Networks, CVPR 2019.
 */
export class GsopSpatialAttention extends AttentionLayer {
  static className = 'covpool/gsop/GsopSpatialAttention';
  private readonly options: { dim: number; reference: boolean };
  private readonly reduction: Conv2d;
  private readonly normalisation: BatchNorm;
  private readonly excitation: RowExcitation;

  constructor(config: GsopSpatialAttentionConfig = {}) {
    super(config);
    const { dim = 128, reference = false } = config;
    checkPositiveWhole(this.name, 'dim', dim);
    this.options = { dim, reference };
    const { name } = this;
    const reduction = { name: `${name}.conv_for_DR_spatial`, filters: dim, kernelSize: 1, bias: true };
    this.reduction = this.adopt(new Conv2d(reduction));
    this.normalisation = this.adopt(new BatchNorm({ name: `${name}.bn_for_DR_spatial` }));
    const excitation = { name, units: side * side, suffix: '_for_spatial', rectify: true } as const;
    this.excitation = this.adopt(new RowExcitation(excitation));
  }

  protected override buildParts(channels: number): void {
    this.buildChain([this.reduction, this.normalisation], [null, null, null, channels]);
    this.buildChain([this.excitation], [null, side * side, side * side]);
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: unknown }): Tensor {
    return tidy(() => {
      const features = onlyInput(inputs) as Tensor4D;
      const [batch, height, width] = features.shape;
      const training = { training: isTraining(kwargs) };
      const reduced = this.reduction.apply(relu(features)) as Tensor;
      const normalised = this.normalisation.apply(reduced, training) as Tensor4D;
      const grid = adaptiveAveragePool(normalised, [side, side]);
      const weights = this.excitation.apply(spatialCovariance(grid, this.options), training) as Tensor;
      const places: Tensor4D = reshape(weights, [batch, side, side, 1]);
      return relu(mul(features, adaptiveAveragePool(places, [height, width])));
    });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(GsopSpatialAttention);

/**
 * A layer that weights the positions of features [B,H,W,C].
 *
 * ```ts
 * model.add(gsopSpatialAttention({ dim: 64 }));
 * ```
 * @throws bad-argument for a dim that is not a positive whole number
 */
export const gsopSpatialAttention = (config: GsopSpatialAttentionConfig = {}): GsopSpatialAttention =>
  new GsopSpatialAttention(config);

attentions.register('gsop-spatial', {
  create: gsopSpatialAttention,
  options: ['dim', 'reference'],
  summary: 'weights positions by a row-wise convolution of their covariance over channels',
  paper,
  layer: 'gsopSpatialAttention',
  gradient: 'automatic',
  engines: 'all',
});
