import { checkArgument } from '@covpool/base';
import { concat, type serialization, split, type Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { batchNormTraining } from './batch-norm-training.ts';
import { constant } from './initializers.ts';
import { type LayerConfig, type LayerShape, NamedLayer, onlyInput, onlyShape, registerLayer } from './named-layer.ts';

export interface InstanceNormConfig extends LayerConfig {
  epsilon?: number;
}

/**
 * Instance normalisation (Ulyanov, Vedaldi & Lempitsky 2016) with a weight and a bias, channels last: each channel of each picture is
 * normalised by its own mean and biased variance over all positions, `y = weight·(x − μ)/√(σ² + ε) + bias`, as `GroupNorm` does with a
 * group for each channel, but in one fused kernel per picture on wasm. It computes the same in training and outside of it, whatever else
 * is in the batch: for pictures whose brightness differs much, which averages over many do not fit.
 */
export class InstanceNorm extends NamedLayer {
  static className = 'covpool/core/InstanceNorm';
  private readonly options: { epsilon: number };
  private scale!: LayerVariable;
  private offset!: LayerVariable;

  constructor(config: InstanceNormConfig = {}) {
    super(config);
    const { epsilon = 1e-5 } = config;
    this.options = { epsilon };
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
    const x = onlyInput(inputs);
    return tidy(() => {
      const [scale, offset] = [this.scale.read() as Tensor1D, this.offset.read() as Tensor1D];
      const pictures = x.shape[0] === 1 ? [x] : split(x, x.shape[0]!);
      const normalised = pictures.map((picture) => batchNormTraining(picture, scale, offset, this.options).y);
      return normalised.length === 1 ? normalised[0]! : concat(normalised);
    });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(InstanceNorm);
