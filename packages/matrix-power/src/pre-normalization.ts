import { checkArgument } from '@covpool/base';
import {
  add,
  cast,
  div,
  eye,
  greater,
  maximum,
  mul,
  sqrt,
  square,
  sub,
  sum,
  type Tensor,
  transpose,
} from '@tensorflow/tfjs-core';

/** What a matrix is divided by before the iteration: its trace or its Frobenius norm. */
export type PreNormalization = 'trace' | 'frobenius';

/** Below it a matrix counts as zero: its root is taken with this norm and has no gradient. The references divide by 0. */
export const NORM_FLOOR = 1e-12;

export function checkIterations(who: string, iterations: number, norm: PreNormalization): void {
  checkArgument(
    Number.isInteger(iterations) && iterations >= 1,
    () => `${who}: iterations must be a whole number from 1, got ${iterations}`,
  );
  checkArgument(
    norm === 'trace' || norm === 'frobenius',
    () => `${who}: norm must be 'trace' or 'frobenius', got '${String(norm)}'`,
  );
}

/** Each matrix's norm [B,1,1], before the floor. */
export function normOf(a: Tensor, norm: PreNormalization): Tensor {
  return norm === 'trace' ? sum(mul(a, eye(a.shape.at(-1)!)), [1, 2], true) : sqrt(sum(square(a), [1, 2], true));
}

/** The norm that matrices are divided by. */
export const floored = (t: Tensor): Tensor => maximum(t, NORM_FLOOR);

/** 1 where a norm is above the floor, 0 where the matrix counts as zero. */
export const aboveFloor = (t: Tensor): Tensor => cast(greater(t, NORM_FLOOR), 'float32');

/** `G + Gᵀ` of each matrix of a batch: twice the symmetric part. */
export const plusTranspose = (g: Tensor): Tensor => add(g, transpose(g, [0, 2, 1]));

/**
 * The symmetric gradient with respect to A of a function of the start `h = A/(2t)` and of the norm t of A: with g the
 * gradient with respect to h, and `fromScale` that with respect to t beside h,
 * `dA = sym(g)/(2t) + (fromScale − ⟨g, h⟩/t) ∂t/∂A`, ∂t/∂A = I or A/t. Zero where the floor acts.
 */
export function normalizationGradient(
  { gradient, half, t, fromScale }: { gradient: Tensor; half: Tensor; t: Tensor; fromScale: Tensor },
  norm: PreNormalization,
): Tensor {
  const scale = floored(t);
  const acts = aboveFloor(t);
  const through = div(sum(mul(gradient, half), [1, 2], true), scale);
  const alongNorm = mul(sub(fromScale, through), acts);
  const direct = mul(plusTranspose(gradient), div(mul(acts, 0.25), scale));
  return add(direct, norm === 'trace' ? mul(eye(half.shape.at(-1)!), alongNorm) : mul(half, mul(alongNorm, 2)));
}
