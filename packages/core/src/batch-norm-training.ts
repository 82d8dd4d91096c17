import {
  add,
  div,
  mean,
  mul,
  rsqrt,
  sqrt,
  square,
  squeeze,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  tidy,
} from '@tensorflow/tfjs-core';
import { defineKernel } from './define-kernel.ts';

interface TrainingInputs {
  x: Tensor;
  scale: Tensor;
  offset: Tensor;
}

interface GradientInputs {
  dy: Tensor;
  x: Tensor;
  scale: Tensor;
  mean: Tensor;
  variance: Tensor;
}

interface Attributes {
  epsilon: number;
}

const leadingAxes = (x: Tensor): number[] => x.shape.slice(0, -1).map((_, axis) => axis);

/** `dx = scale·rsqrt(var+ε)·(dy − mean(dy) − x̂·mean(dy·x̂))`, `dscale = Σ dy·x̂`, `doffset = Σ dy`. */
const gradientKernel = defineKernel<GradientInputs, Attributes>({
  name: 'BatchNormTrainingGrad',
  composed: ({ dy, x, scale, mean: mu, variance }, { epsilon }) => {
    const axes = leadingAxes(x);
    const count = x.size / scale.size;
    const inverse = rsqrt(add(variance, epsilon));
    const normalised = mul(sub(x, mu), inverse);
    const doffset = sum(dy, axes);
    const dscale = sum(mul(dy, normalised), axes);
    const centred = sub(dy, add(div(doffset, count), mul(normalised, div(dscale, count))));
    return [mul(mul(scale, inverse), centred), dscale, doffset];
  },
});

const trainingKernel = defineKernel<TrainingInputs, Attributes>({
  name: 'BatchNormTraining',
  composed: ({ x, scale, offset }, { epsilon }) => {
    const axes = leadingAxes(x);
    const mu = mean(x, axes, true);
    const centred = sub(x, mu);
    const variance = mean(square(centred), axes, true);
    const y = add(mul(div(centred, sqrt(add(variance, epsilon))), scale), offset);
    return [y, squeeze(mu, axes), squeeze(variance, axes)];
  },
  gradient: {
    inputs: ['x', 'scale'],
    outputs: [false, true, true],
    compute: ([dy], [x, scale, mu, variance], attributes) => {
      // One kernel gives all three; TensorFlow.js frees whatever a thunk makes beside its result, so it runs before them.
      const [dx, dscale, doffset] = gradientKernel(
        { dy: dy!, x: x!, scale: scale!, mean: mu!, variance: variance! },
        { epsilon: attributes.epsilon },
      );
      return { x: () => dx!, scale: () => dscale!, offset: () => doffset! };
    },
  },
});

/**
 * Batch normalisation with the statistics of the batch itself, channels last:
 * `y = scale·(x − μ)/√(σ² + ε) + offset`, μ and σ² (biased, 1/n) over all axes but the last.
 * The statistics are outputs for running averages; no gradient flows through them. One pass of reductions and one of
 * writes each way; on wasm one fused kernel each, on webgpu two dispatches (Ioffe & Szegedy 2015).
 *
 * @param x [..., C]
 * @returns `y` shaped like x, `mean` [C], `variance` [C]
 */
export function batchNormTraining(
  x: Tensor,
  scale: Tensor1D,
  offset: Tensor1D,
  { epsilon = 1e-5 }: { epsilon?: number } = {},
): { y: Tensor; mean: Tensor1D; variance: Tensor1D } {
  return tidy(() => {
    const [y, mu, variance] = trainingKernel({ x, scale, offset }, { epsilon });
    return { y: y!, mean: mu as Tensor1D, variance: variance as Tensor1D };
  });
}
