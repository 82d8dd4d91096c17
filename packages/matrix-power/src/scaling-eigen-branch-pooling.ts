import { type LayerConfig, NormalizationLayer, normalizations, poolings, registerLayer } from '@covpool/core';
import {
  TrianglePooling,
  type TrianglePoolingConfig,
  trianglePoolingOptionNames,
  type TriuOptions,
  triuVectorize,
} from '@covpool/covariance';
import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { scalingEigenBranch, scalingEigenBranchCov } from './scaling-eigen-branch.ts';

/** Scaling-eigen-branch pooling: the upper triangle of the covariance's scaled root. */
export class ScalingEigenBranchPooling extends TrianglePooling {
  static className = 'covpool/matrix-power/ScalingEigenBranchPooling';

  protected override triangles(features: Tensor3D, options: TriuOptions): Tensor2D {
    return triuVectorize(scalingEigenBranchCov(features), options);
  }
}

/** `scalingEigenBranch` as a layer: [B,d,d] to [B,d,d]. */
export class ScalingEigenBranch extends NormalizationLayer {
  static className = 'covpool/matrix-power/ScalingEigenBranch';

  protected override readonly options = {};

  protected override normalize(a: Tensor3D): Tensor3D {
    return scalingEigenBranch(a);
  }
}

registerLayer(ScalingEigenBranchPooling);
registerLayer(ScalingEigenBranch);

/** A layer from features [B,H,W,C] or tokens [B,N,C] to scaling-eigen-branch descriptors [B,d(d+1)/2], float64 inside. */
export const scalingEigenBranchPooling = (config: TrianglePoolingConfig = {}): ScalingEigenBranchPooling =>
  new ScalingEigenBranchPooling(config);

/** A layer from covariance matrices to their scaled roots. */
export const scalingEigenBranchNormalization = (config: LayerConfig = {}): ScalingEigenBranch =>
  new ScalingEigenBranch(config);

const method = {
  summary: 'square root, scaled by how much it correlates with the exponential inverse',
  paper:
    'Song, Sebe & Wang, On the Eigenvalues of Global Covariance Pooling for Fine-grained Visual Recognition, TPAMI 2022',
  gradient: 'analytic',
  engines: 'host-and-webgpu',
} as const;

poolings.register('seb', {
  ...method,
  options: trianglePoolingOptionNames,
  create: scalingEigenBranchPooling,
  function: 'scalingEigenBranchCov',
  layer: 'scalingEigenBranchPooling',
});

normalizations.register('seb', {
  ...method,
  options: [],
  create: scalingEigenBranchNormalization,
  squareRoot: false,
  function: 'scalingEigenBranch',
  layer: 'scalingEigenBranchNormalization',
});
