import { type LayerConfig, NormalizationLayer, normalizations, poolings, registerLayer } from '@covpool/core';
import {
  TrianglePooling,
  type TrianglePoolingConfig,
  trianglePoolingOptionNames,
  type TriuOptions,
  triuVectorize,
} from '@covpool/covariance';
import type { serialization, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { checkCholesky, choleskyLog, choleskyLogCov, type CholeskyLogOptions } from './cholesky-log.ts';
import { IsqrtCovPooling, type IsqrtCovPoolingConfig } from './isqrt-cov-pooling.ts';
import { powTmlr, scalePowEmlr } from './riemannian.ts';

/** The upper triangle of `powTmlr`. */
export class PowTmlrPooling extends IsqrtCovPooling {
  static override className = 'covpool/matrix-power/PowTmlrPooling';
  protected override root = powTmlr;
}

/** The upper triangle of `scalePowEmlr`. */
export class ScalePowPooling extends IsqrtCovPooling {
  static override className = 'covpool/matrix-power/ScalePowPooling';
  protected override root = scalePowEmlr;
}

export type CholeskyPoolingConfig = TrianglePoolingConfig & CholeskyLogOptions;

/** The upper triangle of `choleskyLogCov`. */
export class CholeskyPooling extends TrianglePooling {
  static className = 'covpool/matrix-power/CholeskyPooling';
  private readonly options: Required<CholeskyLogOptions>;

  constructor(config: CholeskyPoolingConfig) {
    super(config);
    const { epsilon = 1e-6 } = config;
    checkCholesky(this.name, epsilon);
    this.options = { epsilon };
  }

  protected override triangles(features: Tensor3D, options: TriuOptions): Tensor2D {
    return triuVectorize(choleskyLogCov(features, this.options), options);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

export type CholeskyNormalizationConfig = LayerConfig & CholeskyLogOptions;

/** `choleskyLog` as a layer: [B,d,d] to [B,d,d]. */
export class CholeskyNormalization extends NormalizationLayer {
  static className = 'covpool/matrix-power/CholeskyNormalization';
  protected override readonly options: Required<CholeskyLogOptions>;

  constructor(config: CholeskyNormalizationConfig) {
    super(config);
    const { epsilon = 1e-6 } = config;
    checkCholesky(this.name, epsilon);
    this.options = { epsilon };
  }

  protected override normalize(a: Tensor3D): Tensor3D {
    return choleskyLog(a, this.options);
  }
}

for (const layerClass of [PowTmlrPooling, ScalePowPooling, CholeskyPooling, CholeskyNormalization]) {
  registerLayer(layerClass);
}

/** A layer from features [B,H,W,C] or tokens [B,N,C] to the upper triangles of `2(C − I)`, C as for `isqrtCovPooling`. */
export const powTmlrPooling = (config: IsqrtCovPoolingConfig = {}): PowTmlrPooling => new PowTmlrPooling(config);

/** A layer from features [B,H,W,C] or tokens [B,N,C] to twice the descriptors of `isqrtCovPooling`. */
export const scalePowPooling = (config: IsqrtCovPoolingConfig = {}): ScalePowPooling => new ScalePowPooling(config);

/** A layer from features [B,H,W,C] or tokens [B,N,C] to the logarithms of their covariances' Cholesky factors [B,d(d+1)/2]. */
export const choleskyPooling = (config: CholeskyPoolingConfig = {}): CholeskyPooling => new CholeskyPooling(config);

/** A layer from covariance matrices to the logarithms of their Cholesky factors. */
export const choleskyNormalization = (config: CholeskyNormalizationConfig = {}): CholeskyNormalization =>
  new CholeskyNormalization(config);

const paper =
  'Chen, Song, Wu, Liu & Sebe, Understanding Matrix Function Normalizations in Covariance Pooling through the Lens of ' +
  'Riemannian Geometry, ICLR 2025';

const ofIsqrt = {
  options: ['iterations', 'norm', 'centering', 'recompute', ...trianglePoolingOptionNames],
  paper,
  gradient: 'analytic',
  engines: 'all',
} as const;

poolings.register('powtmlr', {
  ...ofIsqrt,
  create: powTmlrPooling,
  summary: 'tangent vector 2(C − I) of the covariance, C its square root by Newton–Schulz iteration, upper triangle',
  function: 'powTmlr',
  layer: 'powTmlrPooling',
});

poolings.register('scalepow', {
  ...ofIsqrt,
  create: scalePowPooling,
  summary: 'twice the square root of the covariance by Newton–Schulz iteration, upper triangle',
  function: 'scalePowEmlr',
  layer: 'scalePowPooling',
});

const ofCholesky = { options: ['epsilon'], paper, gradient: 'analytic', engines: 'host-and-webgpu' } as const;

poolings.register('cholesky', {
  ...ofCholesky,
  options: [...ofCholesky.options, ...trianglePoolingOptionNames],
  create: choleskyPooling,
  summary: "logarithm of the covariance's Cholesky factor, upper triangle",
  function: 'choleskyLogCov',
  layer: 'choleskyPooling',
});

normalizations.register('cholesky', {
  ...ofCholesky,
  create: choleskyNormalization,
  squareRoot: false,
  summary: 'logarithm of the Cholesky factor',
  function: 'choleskyLog',
  layer: 'choleskyNormalization',
});
