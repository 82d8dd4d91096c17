import { poolings, registerLayer } from '@covpool/core';
import {
  TrianglePooling,
  type TrianglePoolingConfig,
  trianglePoolingOptionNames,
  type TriuOptions,
  triuVectorize,
} from '@covpool/covariance';
import type { serialization, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { matrixPowerCov } from './matrix-power.ts';
import { type MatrixPowerOptions, type ResolvedMatrixPower, resolveMatrixPower } from './matrix-power-options.ts';
import { matrixPowerVariants } from './matrix-power-variants.ts';

export interface MatrixPowerPoolingConfig extends TrianglePoolingConfig, MatrixPowerOptions {}

/** MPN-COV pooling and its relatives by eigendecomposition: the upper triangle of the covariance's power. */
export class MatrixPowerPooling extends TrianglePooling {
  static className = 'covpool/matrix-power/MatrixPowerPooling';
  private readonly options: ResolvedMatrixPower;

  constructor(config: MatrixPowerPoolingConfig) {
    super(config);
    this.options = resolveMatrixPower(this.name, config);
  }

  protected override triangles(features: Tensor3D, options: TriuOptions): Tensor2D {
    return triuVectorize(matrixPowerCov(features, this.options), options);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

registerLayer(MatrixPowerPooling);

/**
 * A layer from features [B,H,W,C] or tokens [B,N,C] to the upper triangles of their covariances' power [B,d(d+1)/2], float64
 * inside.
 *
 * ```ts
 * model.add(matrixPowerPooling({ dim: 64, gradient: 'pade' })); // SVD-Padé
 * ```
 */
export const matrixPowerPooling = (config: MatrixPowerPoolingConfig = {}): MatrixPowerPooling =>
  new MatrixPowerPooling(config);

for (const { name, preset, options, ...method } of matrixPowerVariants) {
  poolings.register(name, {
    ...method,
    create: (config) => matrixPowerPooling({ ...preset, ...config }),
    options: [...options, ...trianglePoolingOptionNames],
    function: 'matrixPowerCov',
    layer: 'matrixPowerPooling',
  });
}
