import {
  add,
  div,
  eye,
  fill,
  matMul,
  mul,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor3D,
} from '@tensorflow/tfjs-core';
import type { PreNormalization } from './pre-normalization.ts';

/** iSQRT-COV's root as published, in plain operations that TensorFlow.js differentiates by itself. */
export function publishedRoot(a: Tensor, iterations: number, norm: PreNormalization): Tensor3D {
  const identity = eye(a.shape.at(-1)!);
  const t = norm === 'trace' ? sum(mul(a, identity), [1, 2], true) : sqrt(sum(square(a), [1, 2], true));
  let y: Tensor = div(a, t);
  let z: Tensor = add(fill(a.shape, 0), identity);
  for (let k = 0; k < iterations; k++) {
    const step = mul(sub(mul(identity, 3), matMul(z, y)), 0.5);
    [y, z] = [matMul(y, step), matMul(step, z)];
  }
  return mul(y, sqrt(t));
}

/** The covariance as published: XᵀJX with the M×M centring matrix J. */
export function publishedCovariance(x: Tensor3D): Tensor3D {
  const m = x.shape[1];
  const centring = mul(sub(eye(m), fill([m, m], 1 / m)), 1 / m);
  const batched = add(fill([x.shape[0], m, m], 0), centring);
  return matMul(matMul(x, batched, true, false), x);
}
