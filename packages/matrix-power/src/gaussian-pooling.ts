import { checkArgument } from '@covpool/base';
import { type OnnxFeatures, type OnnxGraph, poolings, registerLayer } from '@covpool/core';
import {
  TrianglePooling,
  type TrianglePoolingConfig,
  trianglePoolingOptionNames,
  type TriuOptions,
  triuVectorize,
} from '@covpool/covariance';
import type { serialization, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { isqrtGaussian, type IsqrtGaussianOptions } from './gaussian-root.ts';
import { onnxIsqrtGaussian } from './newton-schulz-onnx.ts';
import { checkIterations } from './pre-normalization.ts';

export type GaussianPoolingConfig = TrianglePoolingConfig & IsqrtGaussianOptions;

/** Gaussian embedding pooling: mean and covariance in one matrix, its square root, the upper triangle. */
export class GaussianPooling extends TrianglePooling {
  static className = 'covpool/matrix-power/GaussianPooling';
  private readonly options: Required<IsqrtGaussianOptions>;

  constructor(config: GaussianPoolingConfig) {
    super(config);
    const { beta = 1, iterations = 5, norm = 'trace', recompute = false } = config;
    checkArgument(beta > 0 && Number.isFinite(beta), () => `${this.name}: beta must be a positive number, got ${beta}`);
    checkIterations(this.name, iterations, norm);
    this.options = { beta, iterations, norm, recompute };
  }

  protected override side(channels: number): number {
    return channels + 1;
  }

  protected override triangles(features: Tensor3D, options: TriuOptions): Tensor2D {
    return triuVectorize(isqrtGaussian(features, this.options), options);
  }

  protected override matricesOnnx(graph: OnnxGraph, features: OnnxFeatures): string {
    return onnxIsqrtGaussian(graph, features, this.options);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(GaussianPooling);

/** A layer from features [B,H,W,C] or tokens [B,N,C] to Gaussian embeddings [B,(d+1)(d+2)/2]: 33,153 values for d = 256. */
export const gaussianPooling = (config: GaussianPoolingConfig = {}): GaussianPooling => new GaussianPooling(config);

poolings.register('gaussian', {
  create: gaussianPooling,
  options: ['beta', 'iterations', 'norm', 'recompute', ...trianglePoolingOptionNames],
  summary: 'square root of the Gaussian embedding (mean and covariance) by Newton–Schulz iteration, upper triangle',
  paper: 'Wang, Xie, Zuo, Zhang & Li, Deep CNNs Meet Global Covariance Pooling, TPAMI 2020',
  function: 'isqrtGaussian',
  layer: 'gaussianPooling',
  gradient: 'analytic',
  engines: 'all',
});
