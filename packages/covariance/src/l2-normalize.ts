import { checkArgument } from '@covpool/base';
import { defineKernel } from '@covpool/core';
import { div, maximum, mul, sqrt, square, step, sub, sum, type Tensor } from '@tensorflow/tfjs-core';

const FLOOR = 1e-12;
const normOf = (x: Tensor): Tensor => sqrt(sum(square(x), -1, true));

const l2NormalizeKernel = defineKernel<{ x: Tensor }, Record<string, never>>({
  name: 'L2Normalize',
  composed: ({ x }) => [div(x, maximum(normOf(x), FLOOR))],
  gradient: {
    inputs: ['x'],
    outputs: [true],
    compute: ([dy], [x, y]) => ({
      x: () => {
        const norm = normOf(x!);
        const across = sub(dy!, mul(y!, sum(mul(dy!, y!), -1, true)));
        return mul(div(across, maximum(norm, FLOOR)), step(sub(norm, FLOOR)));
      },
    }),
  },
});

/**
 * Vectors divided by their length: `x / max(‖x‖₂, 1e-12)` along the last axis. Gradient: `(dy − y⟨y, dy⟩) / ‖x‖`; where the
 * floor acts it is 0, not the 1e12 of the formula.
 *
 * @param x [..., F]
 * @returns [..., F], of length 1, or 0 for a vector of zeros
 *
 * ```ts
 * l2Normalize(tensor([3, 4], [1, 2])); // [0.6, 0.8]
 * ```
 */
export function l2Normalize<T extends Tensor>(x: T): T {
  checkArgument(x.rank > 0, () => `l2Normalize: vectors must be [..., F], got a scalar`);
  return l2NormalizeKernel({ x }, {})[0] as T;
}
