import { add, matMul, mean, mul, sub, type Tensor, type Tensor3D, tidy, transpose } from '@tensorflow/tfjs-core';
import { defineKernel } from '@covpool/core';
import { asRows } from './rows.ts';

interface Inputs {
  x: Tensor;
}

/** Forward and gradient as one kernel each: `Σ = X̄ᵀX̄/M`, `dX = X̄(G + Gᵀ)/M`, X̄ the centred rows. */
const covarianceKernel = defineKernel<Inputs, Record<string, never>>({
  name: 'Covariance',
  composed: ({ x }) => {
    const centred = sub(x, mean(x, 1, true));
    return [mul(matMul(centred, centred, true, false), 1 / x.shape[1]!)];
  },
  gradient: {
    inputs: ['x'],
    outputs: [false],
    compute: ([dy], [x]) => ({
      x: () => {
        // The columns of X̄ sum to zero, so the product needs no centring of its own.
        const centred = sub(x!, mean(x!, 1, true));
        return mul(matMul(centred, add(dy!, transpose(dy!, [0, 2, 1]))), 1 / x!.shape[1]!);
      },
    }),
  },
});

/**
 * The covariance of features over positions, biased (1/M, as in all of the literature's code):
 * `Σ = (1/M) (X − x̄)ᵀ (X − x̄)`. Its rank is at most min(d, M−1).
 *
 * Cost: M·d² multiply-adds; the rows are centred before the product, which is more accurate in float32 than the references'
 * product with the M×M centring matrix. Gradient: `dX = (1/M) (X − x̄) (G + Gᵀ)`.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,d,d], symmetric positive semi-definite
 *
 * ```ts
 * covariance(tensor([1, 0, 0, 1, -1, 0, 0, -1], [1, 4, 2])); // [[0.5, 0], [0, 0.5]]
 * ```
 */
export function covariance(x: Tensor): Tensor3D {
  return tidy(() => covarianceKernel({ x: asRows('covariance', x) }, {})[0] as Tensor3D);
}
