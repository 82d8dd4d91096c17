import { type OnnxFeatures, type OnnxGraph, poolings, registerLayer, withoutOnnxForm } from '@covpool/core';
import {
  TrianglePooling,
  type TrianglePoolingConfig,
  trianglePoolingOptionNames,
  type TriuOptions,
  triuVectorize,
} from '@covpool/covariance';
import type { serialization, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { isqrtCov, type IsqrtCovOptions } from './isqrt-cov.ts';
import { onnxIsqrtCov } from './newton-schulz-onnx.ts';
import { checkIterations } from './pre-normalization.ts';

export type IsqrtCovPoolingConfig = TrianglePoolingConfig & IsqrtCovOptions;

/** iSQRT-COV pooling: the upper triangle of the covariance's Newton–Schulz square root. */
export class IsqrtCovPooling extends TrianglePooling {
  static className = 'covpool/matrix-power/IsqrtCovPooling';
  /** What is made of features; its upper triangle is the descriptor. */
  protected root: (features: Tensor, options: IsqrtCovOptions) => Tensor3D = isqrtCov;
  private readonly options: Required<IsqrtCovOptions>;

  constructor(config: IsqrtCovPoolingConfig) {
    super(config);
    const { iterations = 5, norm = 'trace', centering = true, recompute = false } = config;
    checkIterations(this.name, iterations, norm);
    this.options = { iterations, norm, centering, recompute };
  }

  protected override triangles(features: Tensor3D, options: TriuOptions): Tensor2D {
    return triuVectorize(this.root(features, this.options), options);
  }

  protected override matricesOnnx(graph: OnnxGraph, features: OnnxFeatures): string {
    if (this.root !== isqrtCov) throw withoutOnnxForm(this);
    return onnxIsqrtCov(graph, features, this.options);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(IsqrtCovPooling);

/**
 * A layer from features [B,H,W,C] or tokens [B,N,C] to iSQRT-COV descriptors [B,d(d+1)/2].
 *
 * ```ts
 * model.add(isqrtCovPooling({ dim: 64 })); // 1×1 convolution to 64 channels, then 2,080 values
 * ```
 */
export const isqrtCovPooling = (config: IsqrtCovPoolingConfig = {}): IsqrtCovPooling => new IsqrtCovPooling(config);

poolings.register('isqrt', {
  create: isqrtCovPooling,
  options: ['iterations', 'norm', 'centering', 'recompute', ...trianglePoolingOptionNames],
  summary: 'square root of the covariance by Newton–Schulz iteration, upper triangle',
  paper: 'Li, Xie, Wang & Gao, Towards Faster Training of Global Covariance Pooling Networks, CVPR 2018',
  function: 'isqrtCov',
  layer: 'isqrtCovPooling',
  gradient: 'analytic',
  engines: 'all',
});
