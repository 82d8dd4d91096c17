import { checkArgument } from '@covpool/base';
import { add, customGrad, div, matMul, mul, sub, type Tensor, type Tensor3D } from '@tensorflow/tfjs-core';
import type { Saver } from './newton-schulz.ts';
import { aboveFloor, floored, normOf } from './pre-normalization.ts';

export function checkLyapunov(who: string, iterations: number): void {
  checkArgument(
    Number.isInteger(iterations) && iterations >= 1,
    () => `${who}: iterations of the Lyapunov equation must be a whole number from 1, got ${iterations}`,
  );
}

/**
 * 2X of `b X + X b = c` by the matrix sign iteration of [[b, −c], [0, −b]]:
 * `c ← ½(c(3I − b²) − b²c + b c b), b ← ½ b (3I − b²)`; b → I, c → 2X. Converges for eigenvalues of b within (0, √3).
 */
export function signIteration(b: Tensor, c: Tensor, iterations: number): Tensor {
  for (let k = 0; k < iterations; k++) {
    const square = matMul(b, b);
    const commutator = sub(matMul(c, b), matMul(b, c));
    const next = sub(add(mul(c, 1.5), mul(matMul(b, commutator), 0.5)), mul(matMul(c, square), 0.5));
    if (k < iterations - 1) b = sub(mul(b, 1.5), mul(matMul(b, square), 0.5));
    c = next;
  }
  return c;
}

/**
 * X of the Lyapunov equation `S X + X S = G` by the matrix sign iteration (Roberts 1980; as a backward pass Song, Sebe & Wang,
 * ICLR 2022), from `S/‖S‖_F`. It is exact in the limit; where 1.5^iterations times the smallest eigenvalue of `S/‖S‖_F` is well below 1
 * the corresponding part of X is too small: 8 iterations serve eigenvalues above about 0.1.
 *
 * Gradient, implicit: with Y the solution for dX, `dG = Y, dS = −(Y Xᵀ + Xᵀ Y)`.
 *
 * Cost: 6 products of d×d matrices an iteration, on the engine, and as much again for the gradient. A zero S gives 0.
 *
 * @param s symmetric positive definite matrices [B,d,d]
 * @param g [B,d,d], symmetric or not
 * @returns [B,d,d]
 */
export function solveLyapunov(s: Tensor3D, g: Tensor3D, { iterations = 8 }: { iterations?: number } = {}): Tensor3D {
  checkArgument(
    [s, g].every(({ rank, shape }) => rank === 3 && shape[1] === shape[2] && shape.join() === s.shape.join()),
    () => `solveLyapunov: matrices must be [B,d,d] and of the same shape, got [${s.shape}] and [${g.shape}]`,
  );
  checkLyapunov('solveLyapunov', iterations);
  return customGrad((left, right, save) => {
    const x = solve(left as Tensor, right as Tensor, iterations);
    (save as Saver)([left as Tensor, x]);
    return {
      value: x as Tensor3D,
      gradFunc: (dx: Tensor, [matrix, solution]: Tensor[]) => {
        const y = solve(matrix!, dx, iterations);
        const across = add(matMul(y, solution!, false, true), matMul(solution!, y, true, false));
        return [mul(across, -1), y];
      },
    };
  })(s, g);
}

function solve(s: Tensor, g: Tensor, iterations: number): Tensor {
  const norm = normOf(s, 'frobenius');
  const scale = floored(norm);
  return signIteration(div(s, scale), mul(div(g, scale), mul(aboveFloor(norm), 0.5)), iterations);
}
