import { checkArgument } from '@covpool/base';
import { add, mul, neg, rsqrt, square, sub, sum, type Tensor, type Tensor1D, zeros } from '@tensorflow/tfjs-core';
import { defineKernel } from './define-kernel.ts';

/** What batch normalisation by given statistics knows of each channel. */
export interface BatchNormParameters {
  scale: Tensor1D;
  offset: Tensor1D;
  mean: Tensor1D;
  variance: Tensor1D;
}

interface Inputs extends BatchNormParameters {
  x: Tensor;
}

interface Attributes {
  epsilon: number;
}

const inferenceKernel = defineKernel<Inputs, Attributes>({
  name: 'BatchNormInference',
  composed: ({ x, scale, offset, mean, variance }, { epsilon }) => {
    const factor = mul(scale, rsqrt(add(variance, epsilon)));
    return [add(mul(x, factor), sub(offset, mul(mean, factor)))];
  },
  gradient: {
    inputs: ['x', 'scale', 'mean', 'variance'],
    outputs: [false],
    compute: ([dy], [x, scale, mean, variance], { epsilon }) => {
      const leadingAxes = x!.shape.slice(0, -1).map((_, axis) => axis);
      const inverse = () => rsqrt(add(variance!, epsilon));
      // The wasm backend's sum of nothing is whatever its memory held.
      const overRows = (value: Tensor) => (value.size > 0 ? sum(value, leadingAxes) : zeros(scale!.shape));
      // The mean comes off before the sum: taken off the sum, it would cancel most of it where it is many deviations.
      const tilt = () => overRows(mul(dy!, sub(x!, mean!)));
      return {
        x: () => mul(dy!, mul(scale!, inverse())),
        scale: () => mul(inverse(), tilt()),
        offset: () => overRows(dy!),
        mean: () => neg(mul(mul(scale!, inverse()), overRows(dy!))),
        variance: () => mul(mul(scale!, -0.5), mul(mul(inverse(), square(inverse())), tilt())),
      };
    },
  },
});

/**
 * Batch normalisation with statistics that are given, such as running averages, channels last:
 * `y = scale·(x − mean)/√(variance + ε) + offset`. Gradients flow into all five: with r = 1/√(variance + ε) and sums over all axes but the
 * last, `dx = scale·r·dy`, `dscale = r·Σ dy·(x − mean)`, `doffset = Σ dy`, `dmean = −scale·r·Σ dy`,
 * `dvariance = −½·scale·r³·Σ dy·(x − mean)`. One pass forward on tensorflow, wasm and webgpu, by one fused kernel, two elsewhere; one pass
 * for dx; no gradient is computed that is not asked for (Ioffe & Szegedy 2015, algorithm 2).
 *
 * @param x [..., C]
 * @param parameters scale, offset, mean and variance, [C] each
 * @returns shaped like x
 */
export function batchNormInference(
  x: Tensor,
  { scale, offset, mean, variance }: BatchNormParameters,
  { epsilon = 1e-5 }: { epsilon?: number } = {},
): Tensor {
  const channels = x.shape.at(-1);
  checkArgument(x.dtype === 'float32', () => `batchNormInference: x must be float32, got ${x.dtype}; cast it`);
  for (const [name, { shape }] of Object.entries({ scale, offset, mean, variance })) {
    checkArgument(
      shape.length === 1 && shape[0] === channels,
      () => `batchNormInference: ${name} must have one number per channel of x [${x.shape}], got [${shape}]`,
    );
  }
  return inferenceKernel({ x, scale, offset, mean, variance }, { epsilon })[0]!;
}
