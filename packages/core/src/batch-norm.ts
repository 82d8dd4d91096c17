import { mul, type serialization, type Tensor, type Tensor1D, tidy } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { AffineNorm } from './affine-norm.ts';
import { batchNormInference } from './batch-norm-inference.ts';
import { batchNormTraining } from './batch-norm-training.ts';
import { constant } from './initializers.ts';
import { isTraining, type LayerConfig, type LayerShape, onlyInput, registerLayer } from './named-layer.ts';
import type { OnnxExportable, OnnxGraph, OnnxValue } from './onnx.ts';
import { updateRunningAverage } from './training-scope.ts';

export interface BatchNormConfig extends LayerConfig {
  epsilon?: number;
  /** Weight of the newest batch in the running averages (PyTorch's convention). */
  momentum?: number;
  /** `running`: normalises with the running averages in training too, and leaves them alone (fine-tuning, detection). */
  statistics?: 'batch' | 'running';
}

/**
 * Batch normalisation as PyTorch does it, channels last: the batch's biased variance normalises, its unbiased variance
 * (n−1) enters the running average. TensorFlow.js's own layer averages the biased one, and updates even when frozen.
 */
export class BatchNorm extends AffineNorm implements OnnxExportable {
  static className = 'covpool/core/BatchNorm';
  private readonly options: { epsilon: number; momentum: number; statistics: 'batch' | 'running' };
  private runningMean!: LayerVariable;
  private runningVariance!: LayerVariable;

  constructor(config: BatchNormConfig = {}) {
    super(config);
    const { epsilon = 1e-5, momentum = 0.1, statistics = 'batch' } = config;
    this.options = { epsilon, momentum, statistics };
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    super.build(inputShape);
    const channels = this.scale.shape;
    this.runningMean = this.addNamedWeight('running_mean', channels, constant(0), { trainable: false });
    this.runningVariance = this.addNamedWeight('running_var', channels, constant(1), { trainable: false });
  }

  /** Which statistics normalise in training from here on: `running` is PyTorch's evaluation mode. */
  useStatistics(statistics: 'batch' | 'running'): void {
    this.options.statistics = statistics;
  }

  override call(inputs: Tensor | Tensor[], kwargs: { training?: unknown }): Tensor {
    const x = onlyInput(inputs);
    if (isTraining(kwargs) && this.options.statistics === 'batch') return this.normaliseBatch(x);
    const parameters = {
      scale: this.scale.read() as Tensor1D,
      offset: this.offset.read() as Tensor1D,
      mean: this.runningMean.read() as Tensor1D,
      variance: this.runningVariance.read() as Tensor1D,
    };
    return batchNormInference(x, parameters, this.options);
  }

  private normaliseBatch(x: Tensor): Tensor {
    const { epsilon, momentum } = this.options;
    return tidy(() => {
      const scale = this.scale.read() as Tensor1D;
      const { y, mean, variance } = batchNormTraining(x, scale, this.offset.read() as Tensor1D, { epsilon });
      const count = x.size / scale.size;
      updateRunningAverage(this.runningMean, momentum, mean);
      updateRunningAverage(this.runningVariance, momentum, mul(variance, count / Math.max(count - 1, 1)));
      return y;
    });
  }

  toOnnx(graph: OnnxGraph, { name }: OnnxValue): string {
    const weights = ['weight', 'bias', 'running_mean', 'running_var'].map((weight) => graph.weight(this, weight));
    return graph.add('BatchNormalization', [name, ...weights], { epsilon: { float: this.options.epsilon } });
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(BatchNorm);
