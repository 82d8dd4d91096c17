import { defineKernel } from '@covpool/core';
import { asRows, covariance, secondMoment } from '@covpool/covariance';
import { add, div, matMul, mean, mul, rsqrt, sub, sum, type Tensor, type Tensor3D, tidy } from '@tensorflow/tfjs-core';
import {
  asInputs,
  isRecorded,
  type Iterates,
  iterate,
  iterateGradient,
  type Kept,
  keptOf,
  lastInverseRoot,
  pack,
  unpack,
} from './newton-schulz.ts';
import { type NewtonSchulzOptions, newtonSchulzSqrt } from './newton-schulz-sqrt.ts';
import { checkIterations, floored, normalizationGradient, normOf, plusTranspose } from './pre-normalization.ts';

export interface IsqrtCovOptions extends NewtonSchulzOptions {
  /** Whether the mean over positions is subtracted; without, it is the root of the second moment. */
  centering?: boolean;
}

/**
 * Covariance and its iSQRT-COV square root in one: `newtonSchulzSqrt(covariance(x))`, same values and gradients, on the
 * cheaper side. With X̄ the centred rows, every iterate is a polynomial in A = Σ/t, so with K = X̄X̄ᵀ/(M·t)
 * `C = X̄ᵀ Z_N(K) X̄ / (M·√t)`: for M < d positions the iteration runs on M×M matrices instead of d×d ones, some forty times
 * fewer operations at M = 49, d = 256.
 *
 * Cost: 9N−9 products of side s = min(M,d) forward and backward together, beside the covariance's own. For the gradient about
 * 3N matrices s×s are kept: 0.14 MiB per image at M = 49, N = 5, against 3.75 MiB at s = 256. With `recompute` 3N−3 products more,
 * and kept are the features and, for M ≥ d, one matrix d×d.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,d,d]
 */
export function isqrtCov(
  x: Tensor,
  { iterations = 5, norm = 'trace', centering = true, recompute = false }: IsqrtCovOptions = {},
): Tensor3D {
  checkIterations('isqrtCov', iterations, norm);
  return tidy(() => {
    const rows = asRows('isqrtCov', x);
    const [, positions, channels] = rows.shape;
    if (positions < channels) return rowSide(rows, { iterations, norm, centering, recompute });
    return newtonSchulzSqrt(centering ? covariance(rows) : secondMoment(rows), { iterations, norm, recompute });
  });
}

type Attributes = Required<IsqrtCovOptions>;

/** On the M×M side: the Gram matrix of the rows is iterated, towards the inverse root. */
function rowSide(x: Tensor3D, options: Attributes): Tensor3D {
  return rootKernel({ x }, { ...options, recompute: options.recompute || !isRecorded() })[0] as Tensor3D;
}

const gradientKernel = defineKernel<{ dy: Tensor; x: Tensor } & Kept, Attributes>({
  name: 'NewtonSchulzOfRowsGradient',
  composed: ({ dy, x, ...kept }, options) => {
    const [centred, t, inner, ...rest] = keptOf(kept);
    const state = centred
      ? { centred, t: t!, inner: inner!, iterates: unpack(rest, options.iterations) }
      : forward(x, options);
    return [backward(dy, state, options)];
  },
});

/** The root and what the gradient needs of the way to it, which nothing is with `recompute`. */
const rootKernel = defineKernel<{ x: Tensor }, Attributes>({
  name: 'NewtonSchulzOfRows',
  composed: ({ x }, options) => {
    const { root, centred, t, inner, iterates } = forward(x, options);
    return options.recompute ? [root] : [root, centred.clone(), t, inner.clone(), ...pack(iterates)];
  },
  gradient: {
    inputs: ['x'],
    outputs: [false, true],
    compute: ([dy], [x, ...kept], options) => ({
      x: () => gradientKernel({ dy: dy!, x: x!, ...asInputs(kept) }, options)[0]!,
    }),
  },
});

/** X̄, t, Z_N(K) and the iterates. */
interface Forward {
  centred: Tensor;
  t: Tensor;
  inner: Tensor;
  iterates: Iterates;
}

function forward(x: Tensor, { iterations, norm, centering }: Attributes): Forward & { root: Tensor } {
  const positions = x.shape[1]!;
  const centred = centering ? sub(x, mean(x, 1, true)) : x;
  const gram = matMul(centred, centred, false, true);
  const t = mul(normOf(gram, norm), 1 / positions); // both norms are those of the covariance
  const scale = floored(t);
  const iterates = iterate(div(gram, mul(scale, 2 * positions)), iterations);
  const inner = lastInverseRoot(iterates);
  const root = mul(matMul(centred, matMul(inner, centred), true, false), mul(rsqrt(scale), 1 / positions));
  return { root, centred, t, inner, iterates };
}

/** The rows of X̄ G sum to zero where those of X̄ do, so the subtraction of the mean needs no step of its own. */
function backward(dy: Tensor, { centred, t, inner, iterates }: Forward, { norm }: Attributes): Tensor {
  const positions = centred.shape[1]!;
  const scale = floored(t);
  const outer = mul(rsqrt(scale), 1 / positions);
  // 2 X̄ sym(G): the factor 2 is wanted in the first of the two places that use it.
  const doubled = matMul(centred, plusTranspose(dy));
  const gInner = mul(matMul(doubled, centred, false, true), mul(outer, 0.5));
  // C ∝ t^(−1/2) at fixed K: ∂/∂t = −⟨G, C⟩/(2t), and ⟨G, C⟩ = ⟨gInner, Z_N⟩.
  const fromScale = div(sum(mul(gInner, inner), [1, 2], true), mul(scale, -2));
  const gradient = iterateGradient(iterates, { inverseRoot: gInner });
  const gGram = normalizationGradient({ gradient, half: iterates.y[0]!, t, fromScale }, norm);
  return add(mul(matMul(inner, doubled), outer), matMul(mul(gGram, 2 / positions), centred));
}
