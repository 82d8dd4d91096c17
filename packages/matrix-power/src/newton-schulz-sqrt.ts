import { checkArgument } from '@covpool/base';
import { customGrad, div, mul, sqrt, sum, type Tensor, type Tensor3D } from '@tensorflow/tfjs-core';
import { iterate, iterateGradient, lastHalfRoot, pack, type Saver, unpack } from './newton-schulz.ts';
import {
  checkIterations,
  floored,
  normalizationGradient,
  normOf,
  plusTranspose,
  type PreNormalization,
} from './pre-normalization.ts';

/**
 * iSQRT-COV's matrix square root (Li, Xie, Wang & Gao, CVPR 2018): `C = √t · Y_N(A/t)`, Y_N the N-th Newton–Schulz iterate
 * and t the trace or the Frobenius norm.
 *
 * At N = 5 it is a smoothed square root: an eigenvalue a of A/t becomes about `a·1.5^N` where a is small, so the identity of
 * 256 channels comes back as 0.448 I. Rank-one matrices are exact for every N, and `C(sA) = √s·C(A)`.
 * Zero matrices (t ≤ 1e-12) give 0 with gradient 0, where the references give NaN.
 *
 * Cost: 3N−3 products of d×d matrices forward, 6N−6 backward. For the gradient 3N matrices are kept: 3.75 MiB per image at d = 256, N = 5.
 *
 * @param a symmetric positive semi-definite matrices [B,d,d]; the gradient is the symmetric one
 * @returns [B,d,d]
 */
export function newtonSchulzSqrt(
  a: Tensor3D,
  { iterations = 5, norm = 'trace' }: { iterations?: number; norm?: PreNormalization } = {},
): Tensor3D {
  checkArgument(
    a.rank === 3 && a.shape[1] === a.shape[2],
    () => `newtonSchulzSqrt: matrices must be [B,d,d], got [${a.shape}]`,
  );
  checkIterations('newtonSchulzSqrt', iterations, norm);
  return customGrad((x, save) => {
    const t = normOf(x as Tensor, norm);
    const scale = floored(t);
    const iterates = iterate(div(x as Tensor, mul(scale, 2)), iterations);
    const root = mul(lastHalfRoot(iterates), mul(sqrt(scale), 2));
    (save as Saver)([t, root, ...pack(iterates)]);
    return {
      value: root as Tensor3D,
      gradFunc: (dy: Tensor, [norms, result, ...rest]: Tensor[]) => {
        const saved = unpack(rest, iterations);
        const doubled = plusTranspose(dy);
        const divisor = floored(norms!);
        const fromScale = div(sum(mul(doubled, result!), [1, 2], true), mul(divisor, 4));
        const gradient = iterateGradient(saved, { halfRoot: mul(doubled, sqrt(divisor)) });
        return normalizationGradient({ gradient, half: saved.y[0]!, t: norms!, fromScale }, norm);
      },
    };
  })(a);
}
