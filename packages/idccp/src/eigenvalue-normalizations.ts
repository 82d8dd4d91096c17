import {
  type LayerConfig,
  type LayerShape,
  NamedLayer,
  normalizations,
  onlyInput,
  onlyShape,
  registerLayer,
} from '@covpool/core';
import type { serialization, Tensor, Tensor3D } from '@tensorflow/tfjs-core';
import { logEig, type LogEigOptions, resolveLogEig } from './log-eig.ts';
import { reEig, type ReEigOptions, resolveReEig } from './re-eig.ts';

export interface LogEigNormalizationConfig extends LayerConfig, LogEigOptions {}

/** `logEig` as a layer: [B,d,d] to [B,d,d]. */
export class LogEigNormalization extends NamedLayer {
  static className = 'covpool/idccp/LogEigNormalization';
  private readonly options: Required<LogEigOptions>;

  constructor(config: LogEigNormalizationConfig) {
    super(config);
    this.options = resolveLogEig(this.name, config);
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    return onlyShape(inputShape);
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return logEig(onlyInput(inputs) as Tensor3D, this.options);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

export interface ReEigNormalizationConfig extends LayerConfig, ReEigOptions {}

/** `reEig` as a layer: [B,d,d] to [B,d,d]. */
export class ReEigNormalization extends NamedLayer {
  static className = 'covpool/idccp/ReEigNormalization';
  private readonly options: Required<ReEigOptions>;

  constructor(config: ReEigNormalizationConfig) {
    super(config);
    this.options = resolveReEig(this.name, config);
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    return onlyShape(inputShape);
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return reEig(onlyInput(inputs) as Tensor3D, this.options);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(LogEigNormalization);
registerLayer(ReEigNormalization);

/** A layer from covariance matrices to their logarithms. */
export const logEigNormalization = (config: LogEigNormalizationConfig = {}): LogEigNormalization =>
  new LogEigNormalization(config);

/** A layer from covariance matrices to those with rectified eigenvalues. */
export const reEigNormalization = (config: ReEigNormalizationConfig = {}): ReEigNormalization =>
  new ReEigNormalization(config);

const paper = 'Huang & Van Gool, A Riemannian Network for SPD Matrix Learning, AAAI 2017';

normalizations.register('logeig', {
  create: logEigNormalization,
  options: ['floor'],
  squareRoot: false,
  summary: 'matrix logarithm',
  paper,
  function: 'logEig',
  layer: 'logEigNormalization',
  gradient: 'analytic',
  engines: 'host',
});

normalizations.register('reeig', {
  create: reEigNormalization,
  options: ['lowest', 'highest'],
  squareRoot: false,
  summary: 'eigenvalues clipped to a range',
  paper,
  function: 'reEig',
  layer: 'reEigNormalization',
  gradient: 'analytic',
  engines: 'host',
});
