import { defineKernel } from '@covpool/core';
import {
  expandDims,
  matMul,
  mean,
  mul,
  squeeze,
  sub,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
} from '@tensorflow/tfjs-core';
import { withoutGradient } from './without-gradient.ts';

const kernel = defineKernel<{ x: Tensor; weights: Tensor }, object>({
  name: 'ChannelCorrelation',
  composed({ x, weights }) {
    const across = matMul(x, expandDims(weights, 2));
    // Less their mean, these products centre X.
    const sums = matMul(sub(across, mean(across, 1, true)), x, true, false);
    return [mul(mul(weights, squeeze(sums, [1])), 1 / x.shape[1]!)];
  },
});

/**
 * How much each channel goes along with all: the row sums `π = cov(X∘w)1 = w∘(cov(X)w)` of the covariance of weighted features,
 * without the covariance: `cov(X)w = Xᵀ(Xw − mean)/M`. A constant to the gradient. Cost: 2·M·d multiply-adds.
 *
 * @param x rows [B,M,d]
 * @param weights w [B,d]
 * @returns π [B,d]
 */
export function channelCorrelation(x: Tensor3D, weights: Tensor2D): Tensor2D {
  return withoutGradient(() => kernel({ x, weights }, {})[0] as Tensor2D);
}
