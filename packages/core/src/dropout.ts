import { checkArgument, Random } from '@covpool/base';
import { mul, type serialization, type Tensor, tensor, tidy } from '@tensorflow/tfjs-core';
import { isTraining, type LayerConfig, NamedLayer, onlyInput, registerLayer } from './named-layer.ts';
import type { OnnxExportable, OnnxGraph, OnnxValue } from './onnx.ts';
import { maskSeed } from './training-scope.ts';

export interface DropoutConfig extends LayerConfig {
  /** Probability that a value is dropped, 0 ≤ rate < 1. */
  rate: number;
}

/**
 * In training each value is 0 with probability `rate`, else divided by 1 − rate; nothing outside of training. The mask is a
 * function of (seed, layer name, step, shard), the same on every engine (Srivastava et al. 2014).
 */
export class Dropout extends NamedLayer implements OnnxExportable {
  static className = 'covpool/core/Dropout';
  protected readonly rate: number;

  constructor(config: DropoutConfig) {
    super(config);
    const { rate } = config;
    checkArgument(rate >= 0 && rate < 1, () => `${this.name}: rate must be in [0, 1), got ${rate}`);
    this.rate = rate;
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: unknown }): Tensor {
    const x = onlyInput(inputs);
    if (!isTraining(kwargs) || this.rate === 0) return x;
    return tidy(() => mul(x, this.mask(x.shape)));
  }

  protected mask(shape: number[]): Tensor {
    const random = new Random(maskSeed(this.name), 'dropout');
    const values = new Float32Array(shape.reduce((product, extent) => product * extent, 1));
    const kept = 1 / (1 - this.rate);
    for (let i = 0; i < values.length; i++) values[i] = random.uniform(0, 1) < this.rate ? 0 : kept;
    return tensor(values, shape);
  }

  toOnnx(_graph: OnnxGraph, { name }: OnnxValue): string {
    return name;
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), rate: this.rate };
  }
}

registerLayer(Dropout);
