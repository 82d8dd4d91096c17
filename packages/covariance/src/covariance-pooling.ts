import { type PoolingConfig, PoolingLayer, poolings, registerLayer } from '@covpool/core';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { covariance } from './covariance.ts';
import { triuVectorize } from './triu.ts';

/** Plain covariance pooling: the upper triangle of the covariance, without normalisation. */
export class CovariancePooling extends PoolingLayer {
  static className = 'covpool/covariance/CovariancePooling';

  protected override descriptorLength(channels: number): number {
    return (channels * (channels + 1)) / 2;
  }

  protected override pool(features: Tensor3D): Tensor2D {
    return triuVectorize(covariance(features));
  }
}

registerLayer(CovariancePooling);

/** A layer from features [B,H,W,C] or tokens [B,N,C] to the upper triangles of their covariances [B,d(d+1)/2]. */
export const covariancePooling = (config: PoolingConfig = {}): CovariancePooling => new CovariancePooling(config);

poolings.register('cov', {
  create: covariancePooling,
  options: [],
  summary: 'covariance over positions, upper triangle',
  paper: 'Li, Xie, Wang & Zuo, Is Second-order Information Helpful for Large-scale Visual Recognition?, ICCV 2017',
  function: 'covariance',
  layer: 'covariancePooling',
  gradient: 'analytic',
  engines: 'all',
});
