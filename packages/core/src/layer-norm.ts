import { checkArgument } from '@covpool/base';
import type { serialization, Tensor, Tensor1D } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { constant } from './initializers.ts';
import { layerNormalization } from './layer-normalization.ts';
import { type LayerConfig, type LayerShape, NamedLayer, onlyInput, onlyShape, registerLayer } from './named-layer.ts';

export interface LayerNormConfig extends LayerConfig {
  epsilon?: number;
}

/** `layerNormalization` over the channels of [B,C], tokens [B,N,C] or maps [B,H,W,C], with PyTorch's weight names. */
export class LayerNorm extends NamedLayer {
  static className = 'covpool/core/LayerNorm';
  private readonly epsilon: number;
  private scale!: LayerVariable;
  private offset!: LayerVariable;

  constructor(config: LayerNormConfig = {}) {
    super(config);
    this.epsilon = config.epsilon ?? 1e-5;
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    const channels = onlyShape(inputShape).at(-1);
    checkArgument(
      typeof channels === 'number',
      () => `${this.name}: the number of channels must be known, got [${inputShape}]`,
    );
    this.scale = this.addNamedWeight('weight', [channels], constant(1));
    this.offset = this.addNamedWeight('bias', [channels], constant(0));
    this.built = true;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    return onlyShape(inputShape);
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
