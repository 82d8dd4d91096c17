import { type LayerConfig, NormalizationLayer, normalizations, registerLayer } from '@covpool/core';
import type { Tensor3D } from '@tensorflow/tfjs-core';
import { matrixPower } from './matrix-power.ts';
import { type MatrixPowerOptions, type ResolvedMatrixPower, resolveMatrixPower } from './matrix-power-options.ts';
import { matrixPowerVariants } from './matrix-power-variants.ts';

export interface MatrixPowerNormalizationConfig extends LayerConfig, MatrixPowerOptions {}

/** `matrixPower` as a layer: [B,d,d] to [B,d,d]. */
export class MatrixPowerNormalization extends NormalizationLayer {
  static className = 'covpool/matrix-power/MatrixPowerNormalization';
  protected override readonly options: ResolvedMatrixPower;

  constructor(config: MatrixPowerNormalizationConfig) {
    super(config);
    this.options = resolveMatrixPower(this.name, config);
  }

  protected override normalize(a: Tensor3D): Tensor3D {
    return matrixPower(a, this.options);
  }
}

registerLayer(MatrixPowerNormalization);

/** A layer from covariance matrices to their powers by eigendecomposition. */
export const matrixPowerNormalization = (config: MatrixPowerNormalizationConfig = {}): MatrixPowerNormalization =>
  new MatrixPowerNormalization(config);

for (const { name, preset, options, ...method } of matrixPowerVariants) {
  normalizations.register(name, {
    ...method,
    create: (config) => matrixPowerNormalization({ ...preset, ...config }),
    options,
    squareRoot: true,
    function: 'matrixPower',
    layer: 'matrixPowerNormalization',
  });
}
