import { checkArgument } from '@covpool/base';
import { defineKernel } from '@covpool/core';
import { div, mul, sqrt, sum, type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import {
  asInputs,
  isRecorded,
  type Iterates,
  iterate,
  iterateGradient,
  type Kept,
  keptOf,
  lastHalfRoot,
  pack,
  unpack,
} from './newton-schulz.ts';
import {
  checkIterations,
  floored,
  normalizationGradient,
  normOf,
  plusTranspose,
  type PreNormalization,
} from './pre-normalization.ts';

export interface NewtonSchulzOptions {
  /** Newton–Schulz iterations; 3 to 5 suffice, published networks use 5. */
  iterations?: number;
  /** What matrices are divided by beforehand: their trace or their Frobenius norm. */
  norm?: PreNormalization;
  /** Keeps the input alone for the gradient, which runs the iteration again: the same numbers, less memory, more time. */
  recompute?: boolean;
}

/**
 * iSQRT-COV's matrix square root (Li, Xie, Wang & Gao, CVPR 2018): `C = √t · Y_N(A/t)`, Y_N the N-th Newton–Schulz iterate
 * and t the trace or the Frobenius norm.
 *
 * At N = 5 it is a smoothed square root: an eigenvalue a of A/t becomes about `a·1.5^N` where a is small, so the identity of
 * 256 channels comes back as 0.448 I. Rank-one matrices are exact for every N, and `C(sA) = √s·C(A)`.
 * Zero matrices (t ≤ 1e-12) give 0 with gradient 0, where the references give NaN.
 *
 * Cost: 3N−3 products of d×d matrices forward, 6N−6 backward. For the gradient 3N matrices are kept: 3.75 MiB per image at
 * d = 256, N = 5; with `recompute` one, 0.25 MiB, for 3N−3 products more.
 *
 * @param a symmetric positive semi-definite matrices [B,d,d]; the gradient is the symmetric one
 * @returns [B,d,d]
 */
export function newtonSchulzSqrt(
  a: Tensor3D,
  { iterations = 5, norm = 'trace', recompute = false }: NewtonSchulzOptions = {},
): Tensor3D {
  checkArgument(
    a.rank === 3 && a.shape[1] === a.shape[2],
    () => `newtonSchulzSqrt: matrices must be [B,d,d], got [${a.shape}]`,
  );
  checkIterations('newtonSchulzSqrt', iterations, norm);
  const options = { iterations, norm, recompute: recompute || !isRecorded() };
  return tidy(() => rootKernel({ a }, options)[0] as Tensor3D);
}

type Attributes = Required<NewtonSchulzOptions>;

const gradientKernel = defineKernel<{ dy: Tensor; a: Tensor } & Kept, Attributes>({
  name: 'NewtonSchulzGradient',
  composed: ({ dy, a, ...kept }, options) => {
    const [t, root, ...iterates] = keptOf(kept);
    const state = root
      ? { t: t!, root, iterates: unpack(iterates, options.iterations) }
      : forward(a, options.iterations, options.norm);
    return [backward(dy, state, options.norm)];
  },
});

/** The root and what the gradient needs of the way to it, which nothing is with `recompute`. */
const rootKernel = defineKernel<{ a: Tensor }, Attributes>({
  name: 'NewtonSchulz',
  composed: ({ a }, { iterations, norm, recompute }) => {
    const { t, root, iterates } = forward(a, iterations, norm);
    return recompute ? [root] : [root, t, root.clone(), ...pack(iterates)];
  },
  gradient: {
    inputs: ['a'],
    outputs: [false, true],
    compute: ([dy], [a, ...kept], options) => ({
      a: () => gradientKernel({ dy: dy!, a: a!, ...asInputs(kept) }, options)[0]!,
    }),
  },
});

interface Forward {
  t: Tensor;
  root: Tensor;
  iterates: Iterates;
}

function forward(a: Tensor, iterations: number, norm: PreNormalization): Forward {
  const t = normOf(a, norm);
  const scale = floored(t);
  const iterates = iterate(div(a, mul(scale, 2)), iterations);
  return { t, root: mul(lastHalfRoot(iterates), mul(sqrt(scale), 2)), iterates };
}

function backward(dy: Tensor, { t, root, iterates }: Forward, norm: PreNormalization): Tensor {
  const doubled = plusTranspose(dy);
  const scale = floored(t);
  const fromScale = div(sum(mul(doubled, root), [1, 2], true), mul(scale, 4));
  const gradient = iterateGradient(iterates, { halfRoot: mul(doubled, sqrt(scale)) });
  return normalizationGradient({ gradient, half: iterates.y[0]!, t, fromScale }, norm);
}
