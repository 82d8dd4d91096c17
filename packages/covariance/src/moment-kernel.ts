import { defineKernel } from '@covpool/core';
import { add, matMul, mean, mul, sub, type Tensor, transpose } from '@tensorflow/tfjs-core';

interface Attributes {
  centering: boolean;
}

const centred = (x: Tensor, { centering }: Attributes): Tensor => (centering ? sub(x, mean(x, 1, true)) : x);

/** `dX = X̄(G + Gᵀ)/M`. The columns of X̄ sum to zero, so the product needs no centring of its own. */
export const momentGradientKernel = defineKernel<{ dy: Tensor; x: Tensor }, Attributes>({
  name: 'CovarianceGradient',
  composed: ({ dy, x }, options) => [
    mul(matMul(centred(x, options), add(dy, transpose(dy, [0, 2, 1]))), 1 / x.shape[1]!),
  ],
});

/** `X̄ᵀX̄/M` of rows [B,M,d], X̄ the rows, less their mean with `centering`. */
export const momentKernel = defineKernel<{ x: Tensor }, Attributes>({
  name: 'Covariance',
  composed: ({ x }, options) => {
    const rows = centred(x, options);
    return [mul(matMul(rows, rows, true, false), 1 / x.shape[1]!)];
  },
  gradient: {
    inputs: ['x'],
    outputs: [false],
    compute: ([dy], [x], options) => ({ x: () => momentGradientKernel({ dy: dy!, x: x! }, options)[0]! }),
  },
});
