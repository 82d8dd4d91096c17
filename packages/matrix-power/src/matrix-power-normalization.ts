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
import { matrixPower } from './matrix-power.ts';
import { type MatrixPowerOptions, type ResolvedMatrixPower, resolveMatrixPower } from './matrix-power-options.ts';
import { matrixPowerVariants } from './matrix-power-variants.ts';

export interface MatrixPowerNormalizationConfig extends LayerConfig, MatrixPowerOptions {}

/** `matrixPower` as a layer: [B,d,d] to [B,d,d]. */
export class MatrixPowerNormalization extends NamedLayer {
  static className = 'covpool/matrix-power/MatrixPowerNormalization';
  private readonly options: ResolvedMatrixPower;

  constructor(config: MatrixPowerNormalizationConfig) {
    super(config);
    this.options = resolveMatrixPower(this.name, config);
  }

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    return onlyShape(inputShape);
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return matrixPower(onlyInput(inputs) as Tensor3D, this.options);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
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
