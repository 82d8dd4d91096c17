import { type LayerConfig, type LayerShape, NamedLayer, onlyInput, onlyShape, registerLayer } from '@covpool/core';
import type { serialization, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { checkOrder, type TriuOrder } from './triu-places.ts';
import { triuMatrix, type TriuOptions, triuVectorize } from './triu.ts';

export interface TriuConfig extends LayerConfig, TriuOptions {}

abstract class TriuLayer extends NamedLayer {
  protected readonly order: TriuOrder;

  constructor(config: TriuConfig) {
    super(config);
    const { order = 'rows' } = config;
    checkOrder(this.name, order);
    this.order = order;
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), order: this.order };
  }
}

/** `triuVectorize` as a layer: [B,d,d] to [B,d(d+1)/2]. */
export class TriuVectorize extends TriuLayer {
  static className = 'covpool/covariance/TriuVectorize';

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, d] = onlyShape(inputShape);
    return [batch, (d! * (d! + 1)) / 2];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return triuVectorize(onlyInput(inputs) as Tensor3D, { order: this.order });
  }
}

/** `triuMatrix` as a layer: [B,d(d+1)/2] to [B,d,d]. */
export class TriuMatrix extends TriuLayer {
  static className = 'covpool/covariance/TriuMatrix';

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    const [batch = null, length] = onlyShape(inputShape);
    const d = (Math.sqrt(8 * length! + 1) - 1) / 2;
    return [batch, d, d];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return triuMatrix(onlyInput(inputs) as Tensor2D, { order: this.order });
  }
}

registerLayer(TriuVectorize);
registerLayer(TriuMatrix);

/** A layer from symmetric matrices to the vectors of their upper triangles. */
export const triu = (config: TriuConfig = {}): TriuVectorize => new TriuVectorize(config);

/** A layer from the vectors of upper triangles back to symmetric matrices. */
export const fromTriu = (config: TriuConfig = {}): TriuMatrix => new TriuMatrix(config);
