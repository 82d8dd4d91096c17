import { type LayerConfig, NormalizationLayer, normalizations, registerLayer } from '@covpool/core';
import type { Tensor3D } from '@tensorflow/tfjs-core';
import { logEig, type LogEigOptions, resolveLogEig } from './log-eig.ts';
import { reEig, type ReEigOptions, resolveReEig } from './re-eig.ts';

export interface LogEigNormalizationConfig extends LayerConfig, LogEigOptions {}

/** `logEig` as a layer: [B,d,d] to [B,d,d]. */
export class LogEigNormalization extends NormalizationLayer {
  static className = 'covpool/idccp/LogEigNormalization';
  protected override readonly options: Required<LogEigOptions>;

  constructor(config: LogEigNormalizationConfig) {
    super(config);
    this.options = resolveLogEig(this.name, config);
  }

  protected override normalize(a: Tensor3D): Tensor3D {
    return logEig(a, this.options);
  }
}

export interface ReEigNormalizationConfig extends LayerConfig, ReEigOptions {}

/** `reEig` as a layer: [B,d,d] to [B,d,d]. */
export class ReEigNormalization extends NormalizationLayer {
  static className = 'covpool/idccp/ReEigNormalization';
  protected override readonly options: Required<ReEigOptions>;

  constructor(config: ReEigNormalizationConfig) {
    super(config);
    this.options = resolveReEig(this.name, config);
  }

  protected override normalize(a: Tensor3D): Tensor3D {
    return reEig(a, this.options);
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
  engines: 'host-and-webgpu',
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
  engines: 'host-and-webgpu',
});
