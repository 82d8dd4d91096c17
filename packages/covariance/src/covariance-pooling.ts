import { type OnnxFeatures, type OnnxGraph, poolings, registerLayer } from '@covpool/core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { onnxCovariance } from './onnx.ts';
import { triuCovariance } from './triu-covariance.ts';
import { TrianglePooling, type TrianglePoolingConfig, trianglePoolingOptionNames } from './triangle-pooling.ts';
import type { TriuOptions } from './triu.ts';

/** Plain covariance pooling: the upper triangle of the covariance, without normalisation. */
export class CovariancePooling extends TrianglePooling {
  static className = 'covpool/covariance/CovariancePooling';

  protected override triangles(features: Tensor3D, options: TriuOptions): Tensor2D {
    return triuCovariance(features, options);
  }

  protected override matricesOnnx(graph: OnnxGraph, features: OnnxFeatures): string {
    return onnxCovariance(graph, features);
  }
}

registerLayer(CovariancePooling);

/** A layer from features [B,H,W,C] or tokens [B,N,C] to the upper triangles of their covariances [B,d(d+1)/2]. */
export const covariancePooling = (config: TrianglePoolingConfig = {}): CovariancePooling =>
  new CovariancePooling(config);

poolings.register('cov', {
  create: covariancePooling,
  options: trianglePoolingOptionNames,
  summary: 'covariance over positions, upper triangle',
  paper: 'Li, Xie, Wang & Zuo, Is Second-order Information Helpful for Large-scale Visual Recognition?, ICCV 2017',
  function: 'covariance',
  layer: 'covariancePooling',
  gradient: 'analytic',
  engines: 'all',
});
