import { checkArgument } from '@covpool/base';
import { constant, type LayerShape, onlyShape, poolings, registerLayer } from '@covpool/core';
import { reshape, type Scalar, type serialization, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { distanceCovariance } from './distance-covariance.ts';
import { TrianglePooling, type TrianglePoolingConfig, trianglePoolingOptionNames } from './triangle-pooling.ts';
import { type TriuOptions, triuVectorize } from './triu.ts';

export interface DeepBdcPoolingConfig extends TrianglePoolingConfig {
  /**
   * Where the learned temperature t starts: log(1/(2C²)) for C channels coming in, as in the authors' Paddle code, unless
   * given. Their PyTorch code starts at log(1/(2·H·W)).
   */
  temperature?: number;
}

/** DeepBDC pooling: the upper triangle of the Brownian distance covariance. Its one weight, `temperature`, is learned. */
export class DeepBdcPooling extends TrianglePooling {
  static className = 'covpool/covariance/DeepBdcPooling';
  private readonly initialTemperature?: number;
  private channels = 1;
  private temperature!: LayerVariable;

  constructor(config: DeepBdcPoolingConfig) {
    super(config);
    const { temperature } = config;
    checkArgument(
      temperature === undefined || Number.isFinite(temperature),
      () => `${this.name}: temperature must be a number, got ${temperature}`,
    );
    this.initialTemperature = temperature;
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    this.channels = onlyShape(inputShape).at(-1) ?? 1;
    super.build(inputShape);
  }

  protected override buildPooling(): void {
    const start = this.initialTemperature ?? -Math.log(2 * this.channels ** 2);
    this.temperature = this.addNamedWeight('temperature', [1, 1], constant(start));
  }

  protected override triangles(features: Tensor3D, options: TriuOptions): Tensor2D {
    const temperature: Scalar = reshape(this.temperature.read(), []);
    return triuVectorize(distanceCovariance(features, temperature), options);
  }

  override getConfig(): serialization.ConfigDict {
    const { initialTemperature } = this;
    return { ...super.getConfig(), ...(initialTemperature !== undefined && { temperature: initialTemperature }) };
  }
}

registerLayer(DeepBdcPooling);

/** A layer from features [B,H,W,C] or tokens [B,N,C] to DeepBDC descriptors [B,d(d+1)/2]. */
export const deepBdcPooling = (config: DeepBdcPoolingConfig = {}): DeepBdcPooling => new DeepBdcPooling(config);

poolings.register('bdc', {
  create: deepBdcPooling,
  options: ['temperature', ...trianglePoolingOptionNames],
  summary: 'Brownian distance covariance of the channels, upper triangle',
  paper:
    'Xie, Long, Lv, Wang & Li, Joint Distribution Matters: Deep Brownian Distance Covariance for Few-Shot Classification, CVPR 2022',
  function: 'distanceCovariance',
  layer: 'deepBdcPooling',
  gradient: 'automatic',
  engines: 'all',
});
