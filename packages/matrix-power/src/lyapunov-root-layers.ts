import { type LayerConfig, NormalizationLayer, normalizations, poolings, registerLayer } from '@covpool/core';
import {
  TrianglePooling,
  type TrianglePoolingConfig,
  trianglePoolingOptionNames,
  type TriuOptions,
  triuVectorize,
} from '@covpool/covariance';
import type { serialization, Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { checkLyapunov } from './lyapunov.ts';
import type { LyapunovOptions } from './lyapunov-root.ts';
import { mpaInverseSqrt } from './mpa-inverse-sqrt.ts';
import { mpaSqrt, mpaSqrtCov } from './mpa-sqrt.ts';
import { mtpSqrt, mtpSqrtCov } from './mtp-sqrt.ts';

export type LyapunovPoolingConfig = TrianglePoolingConfig & LyapunovOptions;
export type LyapunovRootConfig = LayerConfig & LyapunovOptions;

abstract class LyapunovPooling extends TrianglePooling {
  private readonly options: Required<LyapunovOptions>;

  constructor(config: LyapunovPoolingConfig) {
    super(config);
    const { iterations = 8 } = config;
    checkLyapunov(this.name, iterations);
    this.options = { iterations };
  }

  protected abstract rootOfCovariance(features: Tensor, options: LyapunovOptions): Tensor3D;

  protected override triangles(features: Tensor3D, options: TriuOptions): Tensor2D {
    return triuVectorize(this.rootOfCovariance(features, this.options), options);
  }

  override getConfig(): serialization.ConfigDict {
    return { ...super.getConfig(), ...this.options };
  }
}

abstract class LyapunovRoot extends NormalizationLayer {
  protected override readonly options: Required<LyapunovOptions>;

  constructor(config: LyapunovRootConfig) {
    super(config);
    const { iterations = 8 } = config;
    checkLyapunov(this.name, iterations);
    this.options = { iterations };
  }

  protected abstract root(a: Tensor3D, options: LyapunovOptions): Tensor3D;

  protected override normalize(a: Tensor3D): Tensor3D {
    return this.root(a, this.options);
  }
}

/** The upper triangle of the covariance's root by `mpaSqrt`. */
export class MpaPooling extends LyapunovPooling {
  static className = 'covpool/matrix-power/MpaPooling';
  protected override rootOfCovariance = mpaSqrtCov;
}

/** The upper triangle of the covariance's root by `mtpSqrt`. */
export class MtpPooling extends LyapunovPooling {
  static className = 'covpool/matrix-power/MtpPooling';
  protected override rootOfCovariance = mtpSqrtCov;
}

/** `mpaSqrt` as a layer: [B,d,d] to [B,d,d]. */
export class MpaRoot extends LyapunovRoot {
  static className = 'covpool/matrix-power/MpaRoot';
  protected override root = mpaSqrt;
}

/** `mtpSqrt` as a layer: [B,d,d] to [B,d,d]. */
export class MtpRoot extends LyapunovRoot {
  static className = 'covpool/matrix-power/MtpRoot';
  protected override root = mtpSqrt;
}

/** `mpaInverseSqrt` as a layer: [B,d,d] to [B,d,d]. */
export class MpaInverseRoot extends LyapunovRoot {
  static className = 'covpool/matrix-power/MpaInverseRoot';
  protected override root = mpaInverseSqrt;
}

for (const layerClass of [MpaPooling, MtpPooling, MpaRoot, MtpRoot, MpaInverseRoot]) registerLayer(layerClass);

/** A layer from features [B,H,W,C] or tokens [B,N,C] to MPA's roots of their covariances, upper triangles [B,d(d+1)/2]. */
export const mpaPooling = (config: LyapunovPoolingConfig = {}): MpaPooling => new MpaPooling(config);

/** A layer from features [B,H,W,C] or tokens [B,N,C] to MTP's roots of their covariances, upper triangles [B,d(d+1)/2]. */
export const mtpPooling = (config: LyapunovPoolingConfig = {}): MtpPooling => new MtpPooling(config);

/** A layer from covariance matrices to their square roots by MPA. */
export const mpaRoot = (config: LyapunovRootConfig = {}): MpaRoot => new MpaRoot(config);

/** A layer from covariance matrices to their square roots by MTP. */
export const mtpRoot = (config: LyapunovRootConfig = {}): MtpRoot => new MtpRoot(config);

/** A layer from covariance matrices to their inverse square roots by MPA. */
export const mpaInverseRoot = (config: LyapunovRootConfig = {}): MpaInverseRoot => new MpaInverseRoot(config);

const entry = {
  options: ['iterations'],
  paper: 'Song, Sebe & Wang, Fast Differentiable Matrix Square Root, ICLR 2022',
  gradient: 'approximate',
  engines: 'all',
} as const;

poolings.register('mpa', {
  ...entry,
  options: [...entry.options, ...trianglePoolingOptionNames],
  create: mpaPooling,
  summary: 'square root of the covariance by a Padé approximant, gradient by the Lyapunov equation, upper triangle',
  function: 'mpaSqrtCov',
  layer: 'mpaPooling',
});

poolings.register('mtp', {
  ...entry,
  options: [...entry.options, ...trianglePoolingOptionNames],
  create: mtpPooling,
  summary: 'square root of the covariance by a Taylor polynomial, gradient by the Lyapunov equation, upper triangle',
  function: 'mtpSqrtCov',
  layer: 'mtpPooling',
});

normalizations.register('mpa', {
  ...entry,
  create: mpaRoot,
  squareRoot: true,
  summary: 'square root by a Padé approximant, gradient by the Lyapunov equation',
  function: 'mpaSqrt',
  layer: 'mpaRoot',
});

normalizations.register('mtp', {
  ...entry,
  create: mtpRoot,
  squareRoot: true,
  summary: 'square root by a Taylor polynomial, gradient by the Lyapunov equation',
  function: 'mtpSqrt',
  layer: 'mtpRoot',
});

normalizations.register('mpa-inverse', {
  ...entry,
  create: mpaInverseRoot,
  squareRoot: false,
  summary: 'inverse square root by a Padé approximant, gradient by the Lyapunov equation',
  function: 'mpaInverseSqrt',
  layer: 'mpaInverseRoot',
});
