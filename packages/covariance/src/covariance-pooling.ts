import { type PoolingConfig, PoolingLayer, poolings, registerLayer } from '@covpool/core';
import type { serialization, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { covariance } from './covariance.ts';
import { checkOrder, type TriuOrder } from './triu-places.ts';
import { triuVectorize } from './triu.ts';

export interface CovariancePoolingConfig extends PoolingConfig {
  /** How the triangle is packed; `'columns'` for the classifiers of MatConvNet's and GSoP's code. */
  order?: TriuOrder;
}

/** Plain covariance pooling: the upper triangle of the covariance, without normalisation. */
export class CovariancePooling extends PoolingLayer {
  static className = 'covpool/covariance/CovariancePooling';
  private readonly order: TriuOrder;

  constructor(config: CovariancePoolingConfig) {
    super(config);
    const { order = 'rows' } = config;
    checkOrder(this.name, order);
    this.order = order;
  }

  protected override descriptorLength(channels: number): number {
    return (channels * (channels + 1)) / 2;
  }

  protected override pool(features: Tensor3D): Tensor2D {
    return triuVectorize(covariance(features), { order: this.order });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), order: this.order };
  }
}

registerLayer(CovariancePooling);

/** A layer from features [B,H,W,C] or tokens [B,N,C] to the upper triangles of their covariances [B,d(d+1)/2]. */
export const covariancePooling = (config: CovariancePoolingConfig = {}): CovariancePooling =>
  new CovariancePooling(config);

poolings.register('cov', {
  create: covariancePooling,
  options: ['order'],
  summary: 'covariance over positions, upper triangle',
  paper: 'Li, Xie, Wang & Zuo, Is Second-order Information Helpful for Large-scale Visual Recognition?, ICCV 2017',
  function: 'covariance',
  layer: 'covariancePooling',
  gradient: 'analytic',
  engines: 'all',
});
