import { type OnnxFeatures, type OnnxGraph, type PoolingConfig, PoolingLayer, withoutOnnxForm } from '@covpool/core';
import type { serialization, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { onnxTriangle } from './onnx.ts';
import { checkOrder, type TriuOrder } from './triu-places.ts';
import type { TriuOptions } from './triu.ts';

/** Options of every pooling whose descriptor is the upper triangle of a symmetric matrix. */
export interface TrianglePoolingConfig extends PoolingConfig {
  /** How the triangle is packed; `'columns'` for the classifiers of MatConvNet's and GSoP's code. */
  order?: TriuOrder;
}

/** The names that it has beyond those of every pooling, for registries. */
export const trianglePoolingOptionNames = ['order'] as const;

/** A pooling of features to the upper triangle of a symmetric matrix. Subclasses say which. */
export abstract class TrianglePooling extends PoolingLayer {
  private readonly order: TriuOrder;

  constructor(config: TrianglePoolingConfig) {
    super(config);
    const { order = 'rows' } = config;
    checkOrder(this.name, order);
    this.order = order;
  }

  /** The upper triangles [B,s(s+1)/2] of features [B,M,d], packed as the options say. */
  protected abstract triangles(features: Tensor3D, options: TriuOptions): Tensor2D;

  /** The nodes of the matrices [B,s,s] outside of training. Absent: ONNX has none. */
  protected matricesOnnx?(graph: OnnxGraph, features: OnnxFeatures): string;

  /** The matrices' side s for d channels. */
  protected side(channels: number): number {
    return channels;
  }

  protected override descriptorLength(channels: number): number {
    const side = this.side(channels);
    return (side * (side + 1)) / 2;
  }

  protected override pool(features: Tensor3D): Tensor2D {
    return this.triangles(features, { order: this.order });
  }

  protected override poolOnnx(graph: OnnxGraph, features: OnnxFeatures): string {
    if (!this.matricesOnnx) throw withoutOnnxForm(this);
    return onnxTriangle(graph, this.matricesOnnx(graph, features), this.side(features.channels), this.order);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), order: this.order };
  }
}
