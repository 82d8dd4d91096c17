import { checkArgument } from '@covpool/base';
import { asRows } from '@covpool/covariance';
import { defineKernel, type KernelCall } from '@covpool/core';
import {
  matMul,
  mean,
  pad,
  reshape,
  reverse,
  slice,
  stack,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
} from '@tensorflow/tfjs-core';

const TAPS = [0, 1, 2];

/** `g_{c+t−1}` [B·d,3] for t = 0, 1, 2, zeros beyond the first and the last channel. */
function neighbours(g: Tensor): Tensor2D {
  const padded = pad(g, [
    [0, 0],
    [1, 1],
  ]);
  const shifted = TAPS.map((tap) => slice(padded, [0, tap], g.shape));
  return reshape(stack(shifted, 2), [-1, TAPS.length]);
}

/** `Σ_t k_t g_{c+t−1}`, the taps in reverse order if asked. */
const scoresKernel: KernelCall<{ g: Tensor; kernel: Tensor }, { reversed: boolean }> = defineKernel<
  { g: Tensor; kernel: Tensor },
  { reversed: boolean }
>({
  name: 'ChannelScores',
  composed: ({ g, kernel }, { reversed }) => {
    const taps = reshape(kernel, [TAPS.length, 1]);
    return [reshape(matMul(neighbours(g), reversed ? reverse(taps, 0) : taps), g.shape)];
  },
  host: ({ g, kernel }, { reversed }) => {
    const [first, middle, last] = kernel.values as unknown as [number, number, number];
    const [before, after] = reversed ? [last, first] : [first, last];
    const d = g.shape[1]!;
    const values = new Float32Array(g.values.length);
    for (let i = 0; i < values.length; i++) {
      const c = i % d;
      const left = c > 0 ? before * g.values[i - 1]! : 0;
      const right = c + 1 < d ? after * g.values[i + 1]! : 0;
      values[i] = left + middle * g.values[i]! + right;
    }
    return [{ shape: g.shape, values }];
  },
  gradient: {
    inputs: ['g', 'kernel'],
    outputs: [false],
    compute: ([dy], [g, kernel], { reversed }) => ({
      g: () => scoresKernel({ g: dy!, kernel: kernel! }, { reversed: !reversed })[0]!,
      kernel: () => {
        const taps = matMul(neighbours(g!), reshape(dy!, [-1, 1]), true, false);
        return reshape(reversed ? reverse(taps, 0) : taps, kernel!.shape);
      },
    }),
  },
});

/**
 * Efficient channel attention's scores (Wang et al., CVPR 2020): `Σ_t k_t · g_{c+t−1}`, g the mean over positions, t = 0, 1, 2,
 * zeros beyond the first and the last channel.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @param kernel the three taps k [3,1,1]
 * @returns [B,d]
 */
export function ecaScores(who: string, x: Tensor, kernel: Tensor3D): Tensor2D {
  return scoresOfMeans(who, mean(asRows(who, x), 1), kernel);
}

/** The same of means g [B,d]. */
export function scoresOfMeans(who: string, g: Tensor2D, kernel: Tensor3D): Tensor2D {
  checkArgument(kernel.size === TAPS.length, () => `${who}: the kernel must be [3,1,1], got [${kernel.shape}]`);
  return scoresKernel({ g, kernel }, { reversed: false })[0] as Tensor2D;
}
