import { checkArgument } from '@covpool/base';
import { defineKernel } from '@covpool/core';
import { abs, add, div, mul, neg, sqrt, step, sub, type Tensor } from '@tensorflow/tfjs-core';

export interface SignedSqrtOptions {
  /** ε ≥ 0 below the root, which bounds the gradient by 1/(2√ε). */
  epsilon?: number;
}

/** @throws bad-argument for an ε that is negative or not a number */
export function checkEpsilon(who: string, epsilon: number): void {
  checkArgument(
    epsilon >= 0 && Number.isFinite(epsilon),
    () => `${who}: epsilon must be a number from 0 on, got ${epsilon}`,
  );
}

/** The wasm backend's own takes numbers below 1e-7 for 0. */
const sign = (x: Tensor): Tensor => sub(step(x), step(neg(x)));

const signedSqrtKernel = defineKernel<{ x: Tensor }, Required<SignedSqrtOptions>>({
  name: 'SignedSqrt',
  composed: ({ x }, { epsilon }) => [mul(sign(x), sqrt(add(abs(x), epsilon)))],
  gradient: {
    inputs: ['x'],
    outputs: [false],
    compute: ([dy], [x], { epsilon }) => ({
      x: () => {
        const away = step(abs(x!));
        // One more in the denominator where x = 0: the quotient is then 0 for ε = 0, too.
        const denominator = add(sqrt(add(abs(x!), epsilon)), sub(1, away));
        return div(mul(mul(dy!, 0.5), away), denominator);
      },
    }),
  },
});

/**
 * The signed square root of every value, `sign(x)·√(|x| + ε)`, 0 at 0. Gradient: `dy / (2√(|x| + ε))`, and 0 at x = 0, as
 * automatic differentiation of the formula has it.
 *
 * Perronnin, Sánchez & Mensink, Improving the Fisher Kernel, ECCV 2010; Lin, RoyChowdhury & Maji, Bilinear CNN Models for
 * Fine-grained Visual Recognition, ICCV 2015.
 *
 * @param x any shape
 * @throws bad-argument for an ε that is negative or not a number
 *
 * ```ts
 * signedSqrt(tensor([4, 0, -9])); // [2, 0, -3]
 * ```
 */
export function signedSqrt<T extends Tensor>(x: T, { epsilon = 1e-8 }: SignedSqrtOptions = {}): T {
  checkEpsilon('signedSqrt', epsilon);
  return signedSqrtKernel({ x }, { epsilon })[0] as T;
}
