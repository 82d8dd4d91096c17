import { checkArgument } from '@covpool/base';
import {
  constant,
  type LayerConfig,
  type LayerShape,
  NormalizationLayer,
  normalizations,
  onlyShape,
  registerLayer,
} from '@covpool/core';
import type { Scalar, Tensor, Tensor1D, Tensor3D } from '@tensorflow/tfjs-core';
import type { LayerVariable } from '@tensorflow/tfjs-layers';
import { checkLengthOf, elementPowerNorm, type LengthOf } from './element-power-norm.ts';
import { scaleNorm } from './scale-norm.ts';
import { checkSvPowerNorm, svPowerNorm, type SvPowerNormOptions } from './sv-power-norm.ts';

/** Layers from matrices [B,r1,r2] to [B,r1,r2]. */
abstract class PowerNorm extends NormalizationLayer {
  /** The known length of the matrices' rows. */
  protected columnsOf(inputShape: LayerShape | LayerShape[]): number {
    const shape = onlyShape(inputShape);
    const columns = shape.at(-1);
    checkArgument(
      shape.length === 3 && typeof columns === 'number',
      () => `${this.name}: matrices must be [B,r1,r2] with known r2, got [${shape}]`,
    );
    return columns;
  }
}

export type SvPowerNormConfig = LayerConfig & SvPowerNormOptions;

/** `svPowerNorm` with a learned start `weight` [r2], which begins standard normal. */
export class SvPowerNorm extends PowerNorm {
  static className = 'covpool/matrix-power/SvPowerNorm';
  protected override readonly options: Required<SvPowerNormOptions>;
  private start!: LayerVariable;

  constructor(config: SvPowerNormConfig) {
    super(config);
    const { alpha = 0.5, iterations = 1, triplets = 1 } = config;
    this.options = { alpha, iterations, triplets };
    checkSvPowerNorm(this.name, this.options);
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    this.start = this.addNamedWeight('weight', [this.columnsOf(inputShape)], { kind: 'normal', deviation: 1 });
    this.built = true;
  }

  protected override normalize(a: Tensor3D): Tensor {
    return svPowerNorm(a, this.start.read() as Tensor1D, this.options);
  }
}

export type ElementPowerNormConfig = LayerConfig & { of?: LengthOf };

/** `elementPowerNorm` as a layer. */
export class ElementPowerNorm extends PowerNorm {
  static className = 'covpool/matrix-power/ElementPowerNorm';
  protected override readonly options: { of: LengthOf };

  constructor(config: ElementPowerNormConfig) {
    super(config);
    const { of = 'matrix' } = config;
    checkLengthOf(this.name, of);
    this.options = { of };
  }

  protected override normalize(a: Tensor3D): Tensor {
    return elementPowerNorm(a, this.options);
  }
}

export interface ScaleNormConfig extends LayerConfig {
  /** Whether the factor is trained from r2^(−1/2) on, or stays there. */
  learned?: boolean;
}

/** `scaleNorm` with a fixed factor, or a learned one, `factor`. */
export class ScaleNorm extends PowerNorm {
  static className = 'covpool/matrix-power/ScaleNorm';
  protected override readonly options: { learned: boolean };
  private factor?: LayerVariable;

  constructor(config: ScaleNormConfig) {
    super(config);
    this.options = { learned: config.learned ?? false };
  }

  override build(inputShape: LayerShape | LayerShape[]): void {
    const columns = this.columnsOf(inputShape);
    if (this.options.learned) this.factor = this.addNamedWeight('factor', [], constant(columns ** -0.5));
    this.built = true;
  }

  protected override normalize(a: Tensor3D): Tensor {
    return scaleNorm(a, this.factor?.read() as Scalar | undefined);
  }
}

registerLayer(SvPowerNorm);
registerLayer(ElementPowerNorm);
registerLayer(ScaleNorm);

/** A layer from matrices to their singular value power normalisation, its start vector learned. */
export const svPowerNormalization = (config: SvPowerNormConfig = {}): SvPowerNorm => new SvPowerNorm(config);

/** A layer from matrices to their values' signed roots, of length 1. */
export const elementPowerNormalization = (config: ElementPowerNormConfig = {}): ElementPowerNorm =>
  new ElementPowerNorm(config);

/** A layer that scales matrices by one factor. */
export const scaleNormalization = (config: ScaleNormConfig = {}): ScaleNorm => new ScaleNorm(config);

const entry = {
  squareRoot: false,
  paper: 'Xie, Zeng, Wang, Zhou & Li, So-ViT: Mind Visual Tokens for Vision Transformer, 2021',
  engines: 'all',
} as const;

normalizations.register('svpn', {
  ...entry,
  create: svPowerNormalization,
  options: ['alpha', 'iterations', 'triplets'],
  summary: 'power of the leading singular values by power iteration from a learned start',
  function: 'svPowerNorm',
  layer: 'svPowerNormalization',
  gradient: 'automatic',
});

normalizations.register('epn', {
  ...entry,
  create: elementPowerNormalization,
  options: ['of'],
  summary: 'signed square root of every value, then length 1',
  function: 'elementPowerNorm',
  layer: 'elementPowerNormalization',
  gradient: 'analytic',
});

normalizations.register('scale', {
  ...entry,
  create: scaleNormalization,
  options: ['learned'],
  summary: 'one factor, fixed or learned',
  function: 'scaleNorm',
  layer: 'scaleNormalization',
  gradient: 'automatic',
});
