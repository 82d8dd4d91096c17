import {
  type LayerConfig,
  type LayerShape,
  NamedLayer,
  normalizations,
  onlyInput,
  onlyShape,
  type PoolingConfig,
  PoolingLayer,
  poolings,
  registerLayer,
} from '@covpool/core';
import { triuVectorize } from '@covpool/covariance';
import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core';
import { scalingEigenBranch, scalingEigenBranchCov } from './scaling-eigen-branch.ts';

/** Scaling-eigen-branch pooling: the upper triangle of the covariance's scaled root. */
export class ScalingEigenBranchPooling extends PoolingLayer {
  static className = 'covpool/matrix-power/ScalingEigenBranchPooling';

  protected override descriptorLength(channels: number): number {
    return (channels * (channels + 1)) / 2;
  }

  protected override pool(features: Tensor3D): Tensor2D {
    return triuVectorize(scalingEigenBranchCov(features));
  }
}

/** `scalingEigenBranch` as a layer: [B,d,d] to [B,d,d]. */
export class ScalingEigenBranch extends NamedLayer {
  static className = 'covpool/matrix-power/ScalingEigenBranch';

  override computeOutputShape(inputShape: LayerShape | LayerShape[]): LayerShape {
    return onlyShape(inputShape);
  }

  override call(inputs: Tensor | Tensor[]): Tensor {
    return scalingEigenBranch(onlyInput(inputs) as Tensor3D);
  }
}

registerLayer(ScalingEigenBranchPooling);
registerLayer(ScalingEigenBranch);

/** A layer from features [B,H,W,C] or tokens [B,N,C] to scaling-eigen-branch descriptors [B,d(d+1)/2], float64 inside. */
export const scalingEigenBranchPooling = (config: PoolingConfig = {}): ScalingEigenBranchPooling =>
  new ScalingEigenBranchPooling(config);

/** A layer from covariance matrices to their scaled roots. */
export const scalingEigenBranchNormalization = (config: LayerConfig = {}): ScalingEigenBranch =>
  new ScalingEigenBranch(config);

const method = {
  options: [],
  summary: 'square root, scaled by how much it correlates with the exponential inverse',
  paper:
    'Song, Sebe & Wang, On the Eigenvalues of Global Covariance Pooling for Fine-grained Visual Recognition, TPAMI 2022',
  gradient: 'analytic',
  engines: 'host',
} as const;

poolings.register('seb', {
  ...method,
  create: scalingEigenBranchPooling,
  function: 'scalingEigenBranchCov',
  layer: 'scalingEigenBranchPooling',
});

normalizations.register('seb', {
  ...method,
  create: scalingEigenBranchNormalization,
  squareRoot: false,
  function: 'scalingEigenBranch',
  layer: 'scalingEigenBranchNormalization',
});
