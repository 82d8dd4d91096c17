import { customGrad, div, matMul, mul, rsqrt, type Tensor, type Tensor3D } from '@tensorflow/tfjs-core';
import { checkLyapunov, signIteration } from './lyapunov.ts';
import { checkMatrices, type LyapunovOptions } from './lyapunov-root.ts';
import type { Saver } from './newton-schulz.ts';
import { aboveFloor, floored, normOf, plusTranspose } from './pre-normalization.ts';
import { padeInverseRoot } from './root-approximation.ts';

/**
 * The inverse matrix square root by the [5/5] Padé approximant (Song, Sebe & Wang, Fast Differentiable Matrix Square Root, ICLR
 * 2022), `R = P(Z)⁻¹ Q(Z)/√n`, `Z = I − A/n`, n = ‖A‖_F: the inverse of `mpaSqrt(a)`. Its gradient is X of
 * `R X + X R = −R² sym(G) R²`, by the sign iteration from `R/‖R‖_F` (norms of each matrix; the released code takes one over the batch).
 *
 * An eigenvalue a of A/n becomes 1 for 1, 3.1576 for 0.1, and 11 for 0. The result is homogeneous of degree −1/2. A zero
 * matrix gives 0, its pseudo-inverse, with gradient 0.
 *
 * Cost: 31 products of d×d matrices forward, 3 and 6 for each iteration backward.
 *
 * @param a symmetric positive semi-definite matrices [B,d,d]; the gradient is the symmetric one
 * @returns [B,d,d]
 */
export function mpaInverseSqrt(a: Tensor3D, { iterations = 8 }: LyapunovOptions = {}): Tensor3D {
  checkMatrices('mpaInverseSqrt', a);
  checkLyapunov('mpaInverseSqrt', iterations);
  return customGrad((x, save) => {
    const n = normOf(x as Tensor, 'frobenius');
    const scale = floored(n);
    const inverse = mul(padeInverseRoot(div(x as Tensor, scale)), mul(rsqrt(scale), aboveFloor(n)));
    (save as Saver)([inverse]);
    return {
      value: inverse as Tensor3D,
      gradFunc: (dy: Tensor, [r]: Tensor[]) => {
        const norm = floored(normOf(r!, 'frobenius'));
        const b = div(r!, norm);
        // −R² G R²/‖R‖ = −‖R‖³ b² G b²: the powers of the norm come last, where they cannot overflow on the way.
        const square = matMul(b, b);
        const c = matMul(matMul(square, mul(plusTranspose(dy), -0.25)), square);
        return mul(mul(signIteration(b, c, iterations), mul(norm, norm)), norm);
      },
    };
  })(a);
}
