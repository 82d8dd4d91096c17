import { asRows, covariance, gaussianEmbedding, l2Normalize, signedSqrt } from '@covpool/covariance';
import {
  add,
  eye,
  max,
  mul,
  pad,
  reshape,
  sum,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  tidy,
} from '@tensorflow/tfjs-core';
import { frobeniusNormalize } from './frobenius-normalize.ts';
import { checkCopies } from './trivial-representation.ts';

export interface MgCapOptions {
  /** Copies of every crop, over which the maximum is taken: 8 behind `siamese`. */
  transforms?: number;
  /** Crops of every picture, over which is added up. */
  crops?: number;
}

/**
 * The MG-CAP descriptor (Wang, Guan & Zhang, Multi-Granularity Canonical Appearance Pooling for Remote Sensing Scene Classification,
 * TIP 2020): features divided by the norm of their whole map; Gaussian embedding with the covariance's 1/(M−1), plus 1e-4 of
 * its trace on the diagonal; of every entry the maximum over the transformed copies, Frobenius norm 1; the sum over crops;
 * 1/M, signed square root, l2 norm 1.
 *
 * The entries of the maximum come from different copies, so it is no covariance any more; its gradient goes to where they
 * come from, to all of them in a tie. The released code rotates by multiples of 30° with interpolation and has a network for
 * each crop; here the copies are the eight exact ones of one network.
 *
 * @param x features [crops·transforms·B,H,W,d] or [crops·transforms·B,M,d], pictures counting fastest, then transforms
 * @returns [B,(d+1)²]
 */
export function mgCap(x: Tensor, { transforms = 1, crops = 1 }: MgCapOptions = {}): Tensor2D {
  return tidy(() => {
    const rows = asRows('mgCap', x);
    const [maps, positions, d] = rows.shape;
    checkCopies('mgCap', maps, transforms * crops);
    const batch = maps / (transforms * crops);
    const size = (d + 1) ** 2;
    const each = reshape(regularizedEmbedding(frobeniusNormalize(rows)), [crops, transforms, batch * size]);
    const canonical: Tensor3D = reshape(max(each, 1), [crops * batch, d + 1, d + 1]);
    const total = sum(reshape(frobeniusNormalize(canonical), [crops, batch, size]), 0);
    return l2Normalize(signedSqrt(mul(total, 1 / positions), { epsilon: 1e-12 })) as Tensor2D;
  });
}

/** `E + 1e-4 tr(E) I` with E the embedding `[[Σ + μμᵀ, μ], [μᵀ, 1]]` of the unbiased covariance Σ. */
function regularizedEmbedding(rows: Tensor3D): Tensor3D {
  const [, positions, d] = rows.shape;
  // What the biased covariance lacks; a single position has none.
  const rest = mul(covariance(rows), 1 / Math.max(positions - 1, 1));
  const sides: [number, number] = [0, 1];
  const embedding = add(gaussianEmbedding(rows), pad(rest, [[0, 0], sides, sides]));
  const trace = sum(mul(embedding, eye(d + 1)), [1, 2], true);
  return add(embedding, mul(eye(d + 1), mul(trace, 1e-4)));
}
