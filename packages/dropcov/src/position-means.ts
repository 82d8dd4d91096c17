import { defineKernel } from '@covpool/core';
import { add, clone, div, expandDims, mean, type Tensor, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';

const kernel = defineKernel<{ x: Tensor }, object>({
  name: 'PositionMeans',
  composed: ({ x }) => [clone(x), mean(x, 1)],
  gradient: {
    inputs: ['x'],
    outputs: [false],
    compute: ([dRows, dMeans], [x]) => ({ x: () => add(dRows!, expandDims(div(dMeans!, x!.shape[1]!), 1)) }),
  },
});

/**
 * The means over positions [B,d] of rows [B,M,d], and the rows once more. Who goes on with these rows instead of the ones he gave
 * has the gradients of both come back in one pass over them.
 */
export function withPositionMeans(x: Tensor3D): { rows: Tensor3D; means: Tensor2D } {
  const [rows, means] = kernel({ x }, {}) as [Tensor3D, Tensor2D];
  return { rows, means };
}
