import { checkArgument, checkPositiveWhole } from '@covpool/base';
import {
  reshape,
  type serialization,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  type Tensor4D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { type ActivationName, activations, activationToOnnx } from './activation.ts';
import { BatchNorm } from './batch-norm.ts';
import { CompositeLayer } from './composite-layer.ts';
import { Conv2d } from './conv2d.ts';
import { isTraining, type LayerConfig, type LayerShape, onlyInput, onlyShape } from './named-layer.ts';
import { type OnnxExportable, type OnnxGraph, type OnnxValue, withoutOnnxForm } from './onnx.ts';

/** Options that every pooling has. */
export interface PoolingConfig extends LayerConfig {
  /** Channels after one 1×1 convolution, batch normalisation and activation in front; absent: no reduction. */
  dim?: number;
  /** Several such steps in a row (progressive reduction); replaces `dim`. */
  reduce?: number[];
  /** Activation of the reduction. */
  activation?: ActivationName;
  /** Splits the (reduced) channels into so many groups of neighbours, pools each by itself and concatenates the descriptors. */
  groups?: number;
}

/** What a pooling sees in a graph of ONNX: (reduced) features [B,d,M], positions last. */
export interface OnnxFeatures {
  name: string;
  channels: number;
  /** M; null where the graph leaves it open. */
  positions: number | null;
}

/** The names of `PoolingConfig`, for registries. */
export const poolingOptionNames = ['dim', 'reduce', 'activation', 'groups', 'name', 'trainable', 'inputShape'] as const;

/**
 * A pooling: features [B,H,W,C] or tokens [B,N,C] to a descriptor [B,F]. Subclasses say how long the descriptor of d
 * channels is and compute it from the (reduced) features as rows [B,M,d]. Reduction weights are named `reduce.<i>.0`
 * (convolution) and `reduce.<i>.1` (batch normalisation) below the layer.
 */
export abstract class PoolingLayer extends CompositeLayer implements OnnxExportable {
  private readonly steps: { filters: number; convolution: Conv2d; normalisation: BatchNorm }[];
  private readonly poolingConfig: { reduce: number[]; activation: ActivationName; groups: number };

  constructor(config: PoolingConfig) {
    super(config);
    const { dim, reduce = dim === undefined ? [] : [dim], activation = 'relu', groups = 1 } = config;
    checkArgument(
      reduce.every((channels) => Number.isInteger(channels) && channels > 0),
      () => `${this.name}: dim and reduce must be positive whole numbers of channels, got [${reduce}]`,
    );
    checkPositiveWhole(this.name, 'groups', groups);
    this.poolingConfig = { reduce, activation, groups };
    this.steps = reduce.map((filters, i) => ({
      filters,
      convolution: this.adopt(new Conv2d({ name: `${this.name}.reduce.${i}.0`, filters, kernelSize: 1 })),
      normalisation: this.adopt(new BatchNorm({ name: `${this.name}.reduce.${i}.1` })),
    }));
  }

  /** The length F of the descriptor of d channels. */
  protected abstract descriptorLength(channels: number): number;

  /** The descriptor [B,F] of features [B,M,d]. */
  protected abstract pool(features: Tensor3D, training: boolean): Tensor2D;

  /** The nodes of `pool` outside of training; returns the name of the descriptor [B,F]. Absent: ONNX has none. */
  protected poolOnnx?(graph: OnnxGraph, features: OnnxFeatures): string;

  /** Weights of the pooling itself, for d channels; groups share them. */
  protected buildPooling?(channels: number): void;

  override build(inputShape: LayerShape | LayerShape[]): void {
    const shape = onlyShape(inputShape);
    const channels = shape.at(-1);
    checkArgument(
      (shape.length === 3 || shape.length === 4) && typeof channels === 'number',
      () => `${this.name}: features must be [B,H,W,C] or [B,N,C] with known C, got [${shape}]`,
    );
    const chain = this.steps.flatMap(({ convolution, normalisation }) => [convolution, normalisation]);
    if (chain.length > 0) this.buildChain(chain, [null, null, null, channels]);
    const pooled = this.pooledChannels(channels);
    this.buildPooling?.(pooled);
    this.built = true;
  }

  /** The channels of one group. */
  private pooledChannels(channels: number): number {
    const { reduce, groups } = this.poolingConfig;
    const reduced = reduce.at(-1) ?? channels;
    checkArgument(
      reduced % groups === 0,
      () => `${this.name}: groups must divide the ${reduced} channels, got ${groups}`,
    );
    return reduced / groups;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const shape = onlyShape(inputShape);
    return [shape[0] ?? null, this.poolingConfig.groups * this.descriptorLength(this.pooledChannels(shape.at(-1)!))];
  }

  override multiplyAdds(inputShape: LayerShape): number {
    const [, height = 1, width = 1] = inputShape.length === 4 ? inputShape : [null, inputShape[1], 1];
    let [total, channels] = [0, inputShape.at(-1)!];
    for (const { convolution, filters } of this.steps) {
      total += convolution.multiplyAdds([null, height, width, channels]);
      channels = filters;
    }
    return total;
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: unknown }): Tensor {
    return tidy(() => {
      const x = onlyInput(inputs);
      const [batch = 0] = x.shape;
      let features = (x.rank === 4 ? x : reshape(x, [batch, -1, 1, x.shape.at(-1)!])) as Tensor4D;
      for (const { convolution, normalisation } of this.steps) {
        const normalised = normalisation.apply(convolution.apply(features) as Tensor, kwargs) as Tensor;
        features = activations[this.poolingConfig.activation](normalised) as Tensor4D;
      }
      const [, height, width, channels] = features.shape;
      const { groups } = this.poolingConfig;
      const rows: Tensor3D = reshape(features, [batch, height * width, channels]);
      if (groups === 1) return this.pool(rows, isTraining(kwargs));
      const split = transpose(reshape(rows, [batch, height * width, groups, channels / groups]), [0, 2, 1, 3]);
      const each = reshape(split, [batch * groups, height * width, channels / groups]) as Tensor3D;
      const pooled = this.pool(each, isTraining(kwargs));
      // A pooling over copies of pictures returns fewer descriptors than it is given feature maps.
      return reshape(pooled, [-1, groups * pooled.shape[1]]);
    });
  }

  toOnnx(graph: OnnxGraph, { name, shape }: OnnxValue): string {
    if (!this.poolOnnx) throw withoutOnnxForm(this);
    const [, height = null, width = null] = shape.length === 4 ? shape : [null, shape[1], 1];
    const positions = height !== null && width !== null ? height * width : null;
    let channels = shape.at(-1)!;
    let x = name;
    if (shape.length === 3) {
      const turned = graph.add('Transpose', [name], { perm: [0, 2, 1] });
      x = graph.add('Reshape', [turned, graph.integers([0, channels, -1, 1])]);
    }
    for (const { filters, convolution, normalisation } of this.steps) {
      const convolved = convolution.toOnnx(graph, { name: x, shape: [null, height, width, channels] });
      channels = filters;
      const normalised = normalisation.toOnnx(graph, { name: convolved, shape: [null, height, width, channels] });
      x = activationToOnnx(graph, this.poolingConfig.activation, normalised);
    }
    const { groups } = this.poolingConfig;
    const rows = graph.add('Reshape', [x, graph.integers([0, channels, -1])]);
    if (groups === 1) return this.poolOnnx(graph, { name: rows, channels, positions });
    const each = graph.add('Reshape', [rows, graph.integers([-1, channels / groups, 0])]);
    const pooled = this.poolOnnx(graph, { name: each, channels: channels / groups, positions });
    const length = groups * this.descriptorLength(channels / groups);
    return graph.add('Reshape', [pooled, graph.integers([-1, length])]);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.poolingConfig };
  }
}
