import { add, eye, matMul, mul, type Tensor } from '@tensorflow/tfjs-core';

/** X, X², X³: what several polynomials of the same matrices share. Costs 2 products. */
export function powers(x: Tensor): Tensor[] {
  const square = matMul(x, x);
  return [x, square, matMul(square, x)];
}

/**
 * `Σ c_k X^k` of each matrix of a batch from its `powers`, by blocks of three coefficients and Horner's rule in X³ (Paterson &
 * Stockmeyer 1973): one product for every three degrees.
 */
export function polynomial(of: Tensor[], coefficients: readonly number[]): Tensor {
  const [x, square, cube] = of as [Tensor, Tensor, Tensor];
  const identity = eye(x.shape.at(-1)!);
  let sum: Tensor | undefined;
  for (let k = 3 * Math.floor((coefficients.length - 1) / 3); k >= 0; k -= 3) {
    const [c0, c1 = 0, c2 = 0] = coefficients.slice(k, k + 3) as [number, number?, number?];
    const block = add(add(mul(square, c2), mul(x, c1)), mul(identity, c0));
    sum = sum ? add(matMul(sum, cube), block) : block;
  }
  return sum!;
}
