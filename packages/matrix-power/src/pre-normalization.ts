import { checkArgument } from '@covpool/base';
import { add, cast, div, eye, greater, maximum, mul, sqrt, square, sub, sum, type Tensor } from '@tensorflow/tfjs-core';

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

/**
 * The gradient with respect to A of something computed as `√t · f(A/t)` with t the norm of A: `D` is the gradient with
 * respect to A/t, `fromScale = ∂/∂t` of the outer factor. `dA = D/t + (fromScale − ⟨D, A/t⟩/t) ∂t/∂A`, ∂t/∂A = I or A/t.
 * Zero where the floor acts.
 */
export function normalizationGradient(
  { gradient, normalized, t, fromScale }: { gradient: Tensor; normalized: Tensor; t: Tensor; fromScale: Tensor },
  norm: PreNormalization,
): Tensor {
  const floored = maximum(t, NORM_FLOOR);
  const through = div(sum(mul(gradient, normalized), [1, 2], true), floored);
  const direction = norm === 'trace' ? eye(normalized.shape.at(-1)!) : normalized;
  const total = add(div(gradient, floored), mul(sub(fromScale, through), direction));
  return mul(total, cast(greater(t, NORM_FLOOR), 'float32'));
}
