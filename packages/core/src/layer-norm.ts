import type { serialization, Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import { AffineNorm } from './affine-norm.ts';
import { layerNormalization } from './layer-normalization.ts';
import { type LayerConfig, onlyInput, registerLayer } from './named-layer.ts';

export interface LayerNormConfig extends LayerConfig {
  epsilon?: number;
}

/** `layerNormalization` over the channels of [B,C], tokens [B,N,C] or maps [B,H,W,C], with PyTorch's weight names. */
export class LayerNorm extends AffineNorm {
  static className = 'covpool/core/LayerNorm';
  private readonly epsilon: number;

  constructor(config: LayerNormConfig = {}) {
    super(config);
    this.epsilon = config.epsilon ?? 1e-5;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    const { epsilon } = this;
    return layerNormalization(onlyInput(inputs), this.scale.read() as Tensor1D, this.offset.read() as Tensor1D, {
      epsilon,
    });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), epsilon: this.epsilon };
  }
}

registerLayer(LayerNorm);
