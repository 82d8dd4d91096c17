import { type LayerConfig, type LayerShape, NamedLayer, onlyInput, onlyShape, registerLayer } from '@covpool/core';
import type { serialization, Tensor } from '@tensorflow/tfjs-core';
import { covariance } from './covariance.ts';
import { type Centering, checkCentering, crossCovariance, type CrossCovarianceOptions } from './cross-covariance.ts';
import { checkBeta, gaussianEmbedding, type GaussianEmbeddingOptions } from './gaussian-embedding.ts';
import { secondMoment } from './second-moment.ts';

/** Features to one matrix per image, of `extra` more rows and columns than channels. */
abstract class MomentMatrix extends NamedLayer {
  protected readonly extra: number = 0;

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const shape = onlyShape(inputShape);
    const d = shape.at(-1)! + this.extra;
    return [shape[0] ?? null, d, d];
  }
}

/** `covariance` as a layer: [B,H,W,d] or [B,N,d] to [B,d,d]. */
export class CovarianceMatrix extends MomentMatrix {
  static className = 'covpool/covariance/CovarianceMatrix';

  override call(inputs: Tensor | Tensor[]): Tensor {
    return covariance(onlyInput(inputs));
  }
}

/** `secondMoment` as a layer: [B,H,W,d] or [B,N,d] to [B,d,d]. */
export class SecondMomentMatrix extends MomentMatrix {
  static className = 'covpool/covariance/SecondMomentMatrix';

  override call(inputs: Tensor | Tensor[]): Tensor {
    return secondMoment(onlyInput(inputs));
  }
}

export interface GaussianMatrixConfig extends LayerConfig, GaussianEmbeddingOptions {}

/** `gaussianEmbedding` as a layer: [B,H,W,d] or [B,N,d] to [B,d+1,d+1]. */
export class GaussianMatrix extends MomentMatrix {
  static className = 'covpool/covariance/GaussianMatrix';
  protected override readonly extra = 1;
  private readonly beta: number;

  constructor(config: GaussianMatrixConfig) {
    super(config);
    const { beta = 1 } = config;
    checkBeta(this.name, beta);
    this.beta = beta;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return gaussianEmbedding(onlyInput(inputs), { beta: this.beta });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), beta: this.beta };
  }
}

export interface CrossCovarianceMatrixConfig extends LayerConfig, CrossCovarianceOptions {}

/** `crossCovariance` as a layer of two inputs: [B,H,W,r] and [B,H,W,s], or tokens, to [B,r,s]. */
export class CrossCovarianceMatrix extends NamedLayer {
  static className = 'covpool/covariance/CrossCovarianceMatrix';
  private readonly centering: Centering;

  constructor(config: CrossCovarianceMatrixConfig) {
    super(config);
    const { centering = 'channel' } = config;
    checkCentering(this.name, centering);
    this.centering = centering;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [q, k] = inputShape as [LayerShape, LayerShape];
    return [q[0] ?? null, q.at(-1)!, k.at(-1)!];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const [q, k] = inputs as [Tensor, Tensor];
    return crossCovariance(q, k, { centering: this.centering });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), centering: this.centering };
  }
}

registerLayer(CovarianceMatrix);
registerLayer(SecondMomentMatrix);
registerLayer(GaussianMatrix);
registerLayer(CrossCovarianceMatrix);

/** A layer from features to their covariance matrices; normalisations and `triu()` go behind it. */
export const covarianceMatrix = (config: LayerConfig = {}): CovarianceMatrix => new CovarianceMatrix(config);

/** A layer from features to their second moments, uncentred. */
export const secondMomentMatrix = (config: LayerConfig = {}): SecondMomentMatrix => new SecondMomentMatrix(config);

/** A layer from features to the matrices of their Gaussians, one row and column larger than the covariances. */
export const gaussianMatrix = (config: GaussianMatrixConfig = {}): GaussianMatrix => new GaussianMatrix(config);

/** A layer from two sets of features to their cross-covariances. */
export const crossCovarianceMatrix = (config: CrossCovarianceMatrixConfig = {}): CrossCovarianceMatrix =>
  new CrossCovarianceMatrix(config);
