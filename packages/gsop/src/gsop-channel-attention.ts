import { checkPositiveWhole } from '@covpool/base';
import {
  attentions,
  BatchNorm,
  Conv2d,
  isTraining,
  onlyInput,
  type OnnxExportable,
  type OnnxGraph,
  type OnnxValue,
  registerLayer,
} from '@covpool/core';
import { covariance, onnxCovariance } from '@covpool/covariance';
import { mul, relu, type serialization, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { AttentionLayer, type GsopConfig } from './attention-layer.ts';
import { paper } from './paper.ts';
import { RowExcitation } from './row-excitation.ts';

export interface GsopChannelAttentionConfig extends GsopConfig {
  /** Stride of the 1×1 convolution: 2 spares three quarters of the positions of a large map. */
  strides?: number;
}

/**
 * Attention to channels by how they covary (GSoP's channel block). For features U [B,H,W,C], d = `dim`:
 * `X = ReLU(BN(conv₁ₓ₁(ReLU U)))` [B,H′,W′,d], `P = cov(X)` [B,d,d] without a root,
 * `Q[4i+n] = Σ_j BN_row(P)[i,j]·K[i,j,n] + k[4i+n]`, `a = sigmoid(W Q + w)` [B,C]; the output is `U·a`.
 *
 * There is no non-linearity between Q and the dense layer, as in the authors' code. C·d + 9d + 4d² + 4d·C + C weights, the
 * running averages apart; B·H′·W′·(C·d + d²) multiply-adds and a few d² per picture. Outside of training each picture is
 * computed by itself. Weights have the authors' names: `conv_for_DR`, `bn_for_DR`, `row_bn`, `row_conv_group`, `fc_adapt_channels`.
 *
 * Paper: Gao, Xie, Wang & Li, Global Second-order Pooling Convolutional Networks, CVPR 2019.
 */
export class GsopChannelAttention extends AttentionLayer implements OnnxExportable {
  static className = 'covpool/gsop/GsopChannelAttention';
  private readonly options: { dim: number; strides: number };
  private readonly reduction: Conv2d;
  private readonly normalisation: BatchNorm;
  private excitation!: RowExcitation;

  constructor(config: GsopChannelAttentionConfig = {}) {
    super(config);
    const { dim = 128, strides = 1 } = config;
    checkPositiveWhole(this.name, 'dim', dim);
    checkPositiveWhole(this.name, 'strides', strides);
    this.options = { dim, strides };
    const reduction = { name: `${this.name}.conv_for_DR`, filters: dim, kernelSize: 1, strides, bias: true };
    this.reduction = this.adopt(new Conv2d(reduction));
    this.normalisation = this.adopt(new BatchNorm({ name: `${this.name}.bn_for_DR` }));
  }

  protected override buildParts(channels: number): void {
    const { dim } = this.options;
    this.buildChain([this.reduction, this.normalisation], [null, null, null, channels]);
    const config = { name: this.name, units: channels, suffix: '', rectify: false } as const;
    this.excitation = this.adopt(new RowExcitation(config));
    this.buildChain([this.excitation], [null, dim, dim]);
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: unknown }): Tensor {
    return tidy(() => {
      const features = onlyInput(inputs);
      const training = { training: isTraining(kwargs) };
      const reduced = this.reduction.apply(relu(features)) as Tensor;
      const normalised = relu(this.normalisation.apply(reduced, training) as Tensor);
      return mul(features, this.excitation.apply(covariance(normalised), training) as Tensor);
    });
  }

  toOnnx(graph: OnnxGraph, { name, shape }: OnnxValue): string {
    const { dim } = this.options;
    const active = { name: graph.add('Relu', [name]), shape };
    const reduced = { name: this.reduction.toOnnx(graph, active), shape };
    const normalised = graph.add('Relu', [this.normalisation.toOnnx(graph, reduced)]);
    const features = graph.add('Reshape', [normalised, graph.integers([0, dim, -1])]);
    const matrix = onnxCovariance(graph, { name: features, channels: dim, positions: null });
    return graph.add('Mul', [name, this.excitation.toOnnx(graph, { name: matrix, shape: [null, dim, dim] })]);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(GsopChannelAttention);

/**
 * A layer that weights the channels of features [B,H,W,C].
 *
 * ```ts
 * model.add(gsopChannelAttention({ dim: 64 }));
 * ```
 * @throws bad-argument for options that are not positive whole numbers
 */
export const gsopChannelAttention = (config: GsopChannelAttentionConfig = {}): GsopChannelAttention =>
  new GsopChannelAttention(config);

attentions.register('gsop-channel', {
  create: gsopChannelAttention,
  options: ['dim', 'strides'],
  summary: 'weights channels by a row-wise convolution of their covariance',
  paper,
  layer: 'gsopChannelAttention',
  gradient: 'automatic',
  engines: 'all',
});
