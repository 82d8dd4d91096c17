import { type LayerConfig, type LayerShape, NamedLayer, onlyInput, onlyShape, registerLayer } from '@covpool/core';
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { covariance } from './covariance.ts';
import { triuVectorize } from './triu.ts';

/** `covariance` as a layer: [B,H,W,d] or [B,N,d] to [B,d,d]. */
export class CovarianceMatrix extends NamedLayer {
  static className = 'covpool/covariance/CovarianceMatrix';

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const shape = onlyShape(inputShape);
    const d = shape.at(-1)!;
    return [shape[0] ?? null, d, d];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return covariance(onlyInput(inputs));
  }
}

/** `triuVectorize` as a layer: [B,d,d] to [B,d(d+1)/2]. */
export class TriuVectorize extends NamedLayer {
  static className = 'covpool/covariance/TriuVectorize';

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, d] = onlyShape(inputShape);
    return [batch, (d! * (d! + 1)) / 2];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return triuVectorize(onlyInput(inputs) as Tensor3D);
  }
}

registerLayer(CovarianceMatrix);
registerLayer(TriuVectorize);

/** A layer from features to their covariance matrices; normalisations and `triu()` go behind it. */
export const covarianceMatrix = (config: LayerConfig = {}): CovarianceMatrix => new CovarianceMatrix(config);

/** A layer from symmetric matrices to the vectors of their upper triangles. */
export const triu = (config: LayerConfig = {}): TriuVectorize => new TriuVectorize(config);
