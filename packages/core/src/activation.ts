import { relu, relu6, type serialization, type Tensor } from '@tensorflow/tfjs-core';
import { type LayerConfig, type LayerShape, NamedLayer, onlyInput, onlyShape, registerLayer } from './named-layer.ts';

export type ActivationName = 'relu' | 'relu6';

/** The activations of the reduction blocks. */
export const activations: Record<ActivationName, (x: Tensor) => Tensor> = {
  relu: (x) => relu(x),
  relu6: (x) => relu6(x),
};

export interface ActivationConfig extends LayerConfig {
  activation: ActivationName;
}

/** An activation as a layer: `relu` is max(x, 0), `relu6` min(max(x, 0), 6). */
export class Activation extends NamedLayer {
  static className = 'covpool/core/Activation';
  private readonly activation: ActivationName;

  constructor(config: ActivationConfig) {
    super(config);
    this.activation = config.activation;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    return onlyShape(inputShape);
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return activations[this.activation](onlyInput(inputs));
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), activation: this.activation };
  }
}

registerLayer(Activation);
