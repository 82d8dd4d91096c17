import { type LayerConfig, NormalizationLayer, normalizations, registerLayer } from '@covpool/core';
import type { Tensor3D } from '@tensorflow/tfjs-core';
import { type NewtonSchulzOptions, newtonSchulzSqrt } from './newton-schulz-sqrt.ts';
import { checkIterations } from './pre-normalization.ts';

export type NewtonSchulzRootConfig = LayerConfig & NewtonSchulzOptions;

/** `newtonSchulzSqrt` as a layer: [B,d,d] to [B,d,d]. */
export class NewtonSchulzRoot extends NormalizationLayer {
  static className = 'covpool/matrix-power/NewtonSchulzRoot';
  protected override readonly options: Required<NewtonSchulzOptions>;

  constructor(config: NewtonSchulzRootConfig) {
    super(config);
    const { iterations = 5, norm = 'trace', recompute = false } = config;
    checkIterations(this.name, iterations, norm);
    this.options = { iterations, norm, recompute };
  }

  protected override normalize(a: Tensor3D): Tensor3D {
    return newtonSchulzSqrt(a, this.options);
  }
}

registerLayer(NewtonSchulzRoot);

/** A layer from covariance matrices to their iSQRT-COV roots. */
export const newtonSchulzRoot = (config: NewtonSchulzRootConfig = {}): NewtonSchulzRoot => new NewtonSchulzRoot(config);

normalizations.register('isqrt', {
  create: newtonSchulzRoot,
  options: ['iterations', 'norm', 'recompute'],
  squareRoot: true,
  summary: 'square root by Newton–Schulz iteration',
  paper: 'Li, Xie, Wang & Gao, Towards Faster Training of Global Covariance Pooling Networks, CVPR 2018',
  function: 'newtonSchulzSqrt',
  layer: 'newtonSchulzRoot',
  gradient: 'analytic',
  engines: 'all',
});
