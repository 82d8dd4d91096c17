import { asRows, covariance } from '@covpool/covariance';
import {
  add,
  customGrad,
  div,
  matMul,
  mean,
  mul,
  rsqrt,
  sub,
  sum,
  type Tensor,
  type Tensor3D,
  tidy,
} from '@tensorflow/tfjs-core';
import { iterate, iterateGradient, lastInverseRoot, pack, type Saver, unpack } from './newton-schulz.ts';
import { newtonSchulzSqrt } from './newton-schulz-sqrt.ts';
import {
  checkIterations,
  floored,
  normalizationGradient,
  normOf,
  plusTranspose,
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
 * Cost: 9N−9 products of side s = min(M,d) forward and backward together, beside the covariance's own. For the gradient about
 * 3N matrices s×s are kept: 0.14 MiB per image at M = 49, N = 5, against 3.75 MiB at s = 256.
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
    const gram = matMul(centred, centred, false, true);
    const t = mul(normOf(gram, norm), 1 / positions); // both norms are those of the covariance
    const scale = floored(t);
    const iterates = iterate(div(gram, mul(scale, 2 * positions)), iterations);
    const inner = lastInverseRoot(iterates);
    const factor = mul(rsqrt(scale), 1 / positions);
    (save as Saver)([centred, t, inner, ...pack(iterates)]);
    return {
      value: mul(matMul(centred, matMul(inner, centred), true, false), factor) as Tensor3D,
      gradFunc: (dy: Tensor, [xBar, norms, q, ...rest]: Tensor[]) => {
        const saved = unpack(rest, iterations);
        const divisor = floored(norms!);
        const outer = mul(rsqrt(divisor), 1 / positions);
        // 2 X̄ sym(G): the factor 2 is wanted in the first of the two places that use it.
        const doubled = matMul(xBar!, plusTranspose(dy));
        const gInner = mul(matMul(doubled, xBar!, false, true), mul(outer, 0.5));
        // C ∝ t^(−1/2) at fixed K: ∂/∂t = −⟨G, C⟩/(2t), and ⟨G, C⟩ = ⟨gInner, Z_N⟩.
        const fromScale = div(sum(mul(gInner, q!), [1, 2], true), mul(divisor, -2));
        const gradient = iterateGradient(saved, { inverseRoot: gInner });
        const gGram = normalizationGradient({ gradient, half: saved.y[0]!, t: norms!, fromScale }, norm);
        return add(mul(matMul(q!, doubled), outer), matMul(mul(gGram, 2 / positions), xBar!));
      },
    };
  })(rows);
}
