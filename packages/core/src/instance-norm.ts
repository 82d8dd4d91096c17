import { concat, type serialization, split, type Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import { AffineNorm } from './affine-norm.ts';
import { batchNormTraining } from './batch-norm-training.ts';
import { type LayerConfig, onlyInput, registerLayer } from './named-layer.ts';

export interface InstanceNormConfig extends LayerConfig {
  epsilon?: number;
}

/**
 * Instance normalisation (Ulyanov, Vedaldi & Lempitsky 2016) with a weight and a bias, channels last: each channel of each picture is
 * normalised by its own mean and biased variance over all positions, `y = weight·(x − μ)/√(σ² + ε) + bias`, as `GroupNorm` does with a
 * group for each channel, but in one fused kernel per picture on wasm. It computes the same in training and outside of it, whatever else
 * is in the batch: for pictures whose brightness differs much, which averages over many do not fit.
 */
export class InstanceNorm extends AffineNorm {
  static className = 'covpool/core/InstanceNorm';
  private readonly options: { epsilon: number };

  constructor(config: InstanceNormConfig = {}) {
    super(config);
    const { epsilon = 1e-5 } = config;
    this.options = { epsilon };
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
