import { checkArgument } from '@covpool/base';
import { add, matMul, type serialization, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { constant, type InitialValues, torchUniform } from './initializers.ts';
import { type LayerConfig, type LayerShape, NamedLayer, onlyInput, onlyShape, registerLayer } from './named-layer.ts';

export interface LinearConfig extends LayerConfig {
  units: number;
  /** The weights start as N(0, deviation) and the bias at 0, instead of PyTorch's default U(±1/√C) for both. */
  deviation?: number;
}

/** A dense layer `y = x W + b` on [B,C] with PyTorch's weight names and initial values. */
export class Linear extends NamedLayer {
  static className = 'covpool/core/Linear';
  private readonly units: number;
  private readonly deviation?: number;
  private weight!: LayerVariable;
  private bias!: LayerVariable;

  constructor(config: LinearConfig) {
    super(config);
    this.units = config.units;
    this.deviation = config.deviation;
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    const shape = onlyShape(inputShape);
    const channels = shape[1];
    checkArgument(
      shape.length === 2 && typeof channels === 'number',
      () => `${this.name}: the input must be [B,C] with known C, got [${shape}]`,
    );
    const { deviation, units } = this;
    const values: InitialValues = deviation === undefined ? torchUniform(channels) : { kind: 'normal', deviation };
    this.weight = this.addNamedWeight('weight', [channels, units], values, { toTorch: [1, 0] });
    this.bias = this.addNamedWeight('bias', [units], deviation === undefined ? values : constant(0));
    this.built = true;
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    return [onlyShape(inputShape)[0] ?? null, this.units];
  }

  override multiplyAdds(inputShape: LayerShape): number {
    return inputShape[1]! * this.units;
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return tidy(() => add(matMul(onlyInput(inputs) as Tensor2D, this.weight.read()), this.bias.read()));
  }

  override getConfig(): serialization.ConfigDict {
    const { units, deviation } = this;
    return { ...super.getConfig(), units, ...(deviation === undefined ? {} : { deviation }) };
  }
}

registerLayer(Linear);
