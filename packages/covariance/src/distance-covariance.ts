import {
  add,
  exp,
  eye,
  matMul,
  mean,
  mul,
  relu,
  type Scalar,
  sqrt,
  sub,
  sum,
  type Tensor,
  type Tensor3D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';
import { asRows } from './rows.ts';

const EPSILON = 1e-5;

/**
 * The Brownian distance covariance matrix of channels (DeepBDC): from the distances of channels as vectors of their M
 * values, `Dᵢⱼ = |xᵢ − xⱼ|²`, the matrix `Aᵢⱼ = √(eᵗ Dᵢⱼ + 1e-5)`, then `A − row means − column means + mean`. The gradient
 * is finite where channels coincide.
 *
 * Cost: M·d² multiply-adds. Xie, Long, Lv, Wang & Li, Joint Distribution Matters: Deep Brownian Distance Covariance for
 * Few-Shot Classification, CVPR 2022.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @param temperature t, the logarithm of a factor of the squared distances
 * @returns [B,d,d], symmetric; its rows sum to 0
 *
 * ```ts
 * distanceCovariance(tensor([0, 3], [1, 1, 2]), 0); // channels 3 apart: about [[-1.5, 1.5], [1.5, -1.5]]
 * ```
 */
export function distanceCovariance(x: Tensor, temperature: number | Scalar): Tensor3D {
  return tidy(() => {
    const rows = asRows('distanceCovariance', x);
    const d = rows.shape[2];
    // Distances do not change with the origin; with it among the channels, the products below cancel least.
    const around = sub(rows, mean(rows, 2, true));
    const products = matMul(around, around, true, false);
    const squares = sum(mul(products, eye(d)), 2, true);
    const squared = relu(sub(add(squares, transpose(squares, [0, 2, 1])), mul(products, 2)));
    const distances = sqrt(add(mul(squared, exp(temperature)), EPSILON));
    const offCentre = add(mean(distances, 1, true), mean(distances, 2, true));
    return add(sub(distances, offCentre), mean(distances, [1, 2], true));
  });
}
