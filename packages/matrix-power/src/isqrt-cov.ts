import { asRows, covariance } from '@covpool/covariance';
import {
  customGrad,
  div,
  matMul,
  maximum,
  mean,
  mul,
  rsqrt,
  sub,
  sum,
  add,
  type Tensor,
  type Tensor3D,
  tidy,
} from '@tensorflow/tfjs-core';
import { iterate, iterateGradient, lastInverseRoot, pack, symmetric, type Saver, unpack } from './newton-schulz.ts';
import { newtonSchulzSqrt } from './newton-schulz-sqrt.ts';
import {
  checkIterations,
  NORM_FLOOR,
  normalizationGradient,
  normOf,
  type PreNormalization,
} from './pre-normalization.ts';

interface Options {
  iterations: number;
  norm: PreNormalization;
}

/**
 * Covariance and its iSQRT-COV square root in one: `newtonSchulzSqrt(covariance(x))`, same values and gradients, on the
 * cheaper side. With X̄ the centred rows, every iterate is a polynomial in A = Σ/t, so with K = X̄X̄ᵀ/(M·t)
 * `C = X̄ᵀ Z_N(K) X̄ / (M·√t)`: for M < d positions the iteration runs on M×M matrices instead of d×d ones, some forty times
 * fewer operations at M = 49, d = 256.
 *
 * Cost: 9N−9 products of side min(M,d) forward and backward together, and four of M·d·min(M,d).
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,d,d]
 */
export function isqrtCov(
  x: Tensor,
  { iterations = 5, norm = 'trace' }: { iterations?: number; norm?: PreNormalization } = {},
): Tensor3D {
  checkIterations('isqrtCov', iterations, norm);
  return tidy(() => {
    const rows = asRows('isqrtCov', x);
    const [, positions, channels] = rows.shape;
    if (positions < channels) return rowSide(rows, { iterations, norm });
    return newtonSchulzSqrt(covariance(rows), { iterations, norm });
  });
}

/** On the M×M side: the Gram matrix of the rows is iterated, towards the inverse root. */
function rowSide(rows: Tensor3D, { iterations, norm }: Options): Tensor3D {
  const positions = rows.shape[1];
  return customGrad((x, save) => {
    const centred = sub(x as Tensor, mean(x as Tensor, 1, true));
    const gram = mul(matMul(centred, centred, false, true), 1 / positions);
    const t = normOf(gram, norm); // both norms are those of the covariance
    const floored = maximum(t, NORM_FLOOR);
    const iterates = iterate(div(gram, floored), iterations);
    const inner = lastInverseRoot(iterates);
    const factor = mul(rsqrt(floored), 1 / positions);
    const root = mul(matMul(centred, matMul(inner, centred), true, false), factor);
    (save as Saver)([centred, t, root, inner, ...pack(iterates)]);
    return {
      value: root as Tensor3D,
      gradFunc: (dy: Tensor, [rowsCentred, norms, result, q, ...rest]: Tensor[]) => {
        const saved = unpack(rest, iterations);
        const g = symmetric(dy);
        const scale = maximum(norms!, NORM_FLOOR);
        const outer = mul(rsqrt(scale), 1 / positions);
        const projected = matMul(rowsCentred!, g);
        const dInner = mul(matMul(projected, rowsCentred!, false, true), outer);
        // The factor 1/√t in front pulls the other way than the √t of the channel side: C ∝ t^(−1/2) at fixed K.
        const fromScale = div(sum(mul(g, result!), [1, 2], true), mul(scale, -2));
        const gradient = iterateGradient(saved, dInner, 'inverse-root');
        const dGram = normalizationGradient({ gradient, normalized: saved.y[0]!, t: norms!, fromScale }, norm);
        const direct = mul(matMul(q!, projected), mul(outer, 2));
        return add(direct, mul(matMul(dGram, rowsCentred!), 2 / positions));
      },
    };
  })(rows);
}
