import { l2Normalize } from '@covpool/covariance';
import { reshape, type Tensor3D, tidy } from '@tensorflow/tfjs-core';

/** `A/‖A‖` of each matrix of a batch [B,n,m], by its Frobenius norm; zero stays zero, with gradient zero. */
export function frobeniusNormalize(a: Tensor3D): Tensor3D {
  return tidy(() => reshape(l2Normalize(reshape(a, [a.shape[0], -1])), a.shape));
}
