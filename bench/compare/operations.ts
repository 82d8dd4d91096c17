import { isqrtCov, matrixPowerCov, mpaSqrtCov, triuCovariance, triuDropCov } from 'covpool';
import { seededTensor } from '@covpool/testing';
import {
  div,
  expandDims,
  eye,
  gather,
  grad,
  matMul,
  mul,
  reshape,
  sqrt,
  sub,
  sum,
  type Tensor,
  tensor1d,
  type Tensor3D,
  tile,
} from '@tensorflow/tfjs-core';
import type { OperationCase } from './cases.ts';

type Operations = Record<OperationCase['operation'], ((x: Tensor) => Tensor) | undefined>;

/** Ours, as a user calls them. */
function ours(): Operations {
  const kernel: Tensor3D = seededTensor([3, 1, 1], 'kernel');
  return {
    isqrt: (x) => isqrtCov(x),
    eigen: (x) => matrixPowerCov(x, { gradient: 'k-matrix', small: 'floor' }),
    taylor: (x) => matrixPowerCov(x, { gradient: 'taylor', small: 'floor' }),
    lyapunov: (x) => mpaSqrtCov(x),
    covariance: (x) => triuCovariance(x),
    dropcov: (x) => triuDropCov(x, kernel, { training: true, seed: 1 }),
  };
}

/** The covariance by a centring matrix, as the literature's code has it. */
function publishedCovariance(x: Tensor): Tensor {
  const [batch, positions] = x.shape as [number, number, number];
  const centring = expandDims(mul(sub(eye(positions), 1 / positions), 1 / positions), 0);
  return matMul(matMul(x, tile(centring, [batch, 1, 1]), true, false), x);
}

/** The published form of iSQRT-COV in plain TensorFlow.js: on d×d, differentiated by the tape. */
export function publishedIsqrt(x: Tensor): Tensor {
  const sigma = publishedCovariance(x);
  const identity = eye(sigma.shape[2]!);
  const trace = sum(mul(sigma, identity), [1, 2], true);
  const three = mul(identity, 3);
  const normed = div(sigma, trace);
  let z: Tensor = mul(sub(three, normed), 0.5);
  let y: Tensor = matMul(normed, z);
  for (let k = 1; k < 4; k++) {
    const t: Tensor = mul(sub(three, matMul(z, y)), 0.5);
    y = matMul(y, t);
    z = matMul(t, z);
  }
  return mul(mul(matMul(y, sub(three, matMul(z, y))), 0.5), sqrt(trace));
}

/** The upper triangles [B,d(d+1)/2] of matrices [B,d,d], by a gather. */
export function upperTriangle(a: Tensor): Tensor {
  const [batch, d] = a.shape as [number, number];
  const places = Array.from({ length: d * d }, (_, at) => at).filter((at) => at % d >= Math.floor(at / d));
  return gather(reshape(a, [batch, d * d]), tensor1d(places, 'int32'), 1);
}

/** Plain TensorFlow.js has no eigendecomposition with a gradient, no Lyapunov solver and no adaptive dropout. */
const plain = (): Operations => ({
  isqrt: publishedIsqrt,
  eigen: undefined,
  taylor: undefined,
  lyapunov: undefined,
  covariance: (x) => upperTriangle(publishedCovariance(x)),
  dropcov: undefined,
});

/** Forward and backward of an operation on seeded features; undefined where the library has no such operation. */
export function operationWork(
  { operation, batch, positions, channels }: OperationCase,
  library: 'ours' | 'plain',
): (() => Tensor) | undefined {
  const f = (library === 'ours' ? ours() : plain())[operation];
  if (!f) return undefined;
  const x = seededTensor([batch, positions, channels], 'features');
  const triangle = operation === 'covariance' || operation === 'dropcov';
  const size = triangle ? [(channels * (channels + 1)) / 2] : [channels, channels];
  const dy = seededTensor([batch, ...size], 'dy');
  const gradient = grad(f);
  return () => gradient(x, dy);
}
