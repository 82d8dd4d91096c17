import { checkArgument } from '@covpool/base';
import { add, matMul, type serialization, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { torchUniform } from './initializers.ts';
import { type LayerConfig, type LayerShape, NamedLayer, onlyInput, onlyShape, registerLayer } from './named-layer.ts';

export interface LinearConfig extends LayerConfig {
  units: number;
}

/** A dense layer `y = x W + b` on [B,C] with PyTorch's weight names and default initial values U(±1/√C). */
export class Linear extends NamedLayer {
  static className = 'covpool/core/Linear';
  private readonly units: number;
  private weight!: LayerVariable;
  private bias!: LayerVariable;

  constructor(config: LinearConfig) {
    super(config);
    this.units = config.units;
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    const shape = onlyShape(inputShape);
    const channels = shape[1];
    checkArgument(
      shape.length === 2 && typeof channels === 'number',
      () => `${this.name}: the input must be [B,C] with known C, got [${shape}]`,
    );
    const values = torchUniform(channels);
    this.weight = this.addNamedWeight('weight', [channels, this.units], values, { toTorch: [1, 0] });
    this.bias = this.addNamedWeight('bias', [this.units], values);
    this.built = true;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    return [onlyShape(inputShape)[0] ?? null, this.units];
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => add(matMul(onlyInput(inputs) as Tensor2D, this.weight.read()), this.bias.read()));
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), units: this.units };
  }
}

registerLayer(Linear);
