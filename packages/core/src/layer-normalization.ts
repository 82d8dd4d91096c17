import { checkArgument } from '@covpool/base';
import {
  add,
  mean,
  mul,
  reshape,
  rsqrt,
  square,
  sub,
  sum,
  type Tensor,
  type Tensor1D,
  tidy,
} from '@tensorflow/tfjs-core';
import { defineKernel } from './define-kernel.ts';

interface Inputs {
  x: Tensor;
  scale: Tensor;
  offset: Tensor;
}

interface GradientInputs {
  dy: Tensor;
  x: Tensor;
  scale: Tensor;
  mean: Tensor;
  inverse: Tensor;
}

const averaged = (x: Tensor): Tensor => mean(x, -1, true);

/** The sum over all axes but the last. */
const summed = (x: Tensor): Tensor => sum(reshape(x, [-1, x.shape.at(-1)!]), 0);

/** `dx = σ⁻¹·(g − mean(g) − x̂·mean(g·x̂))` with `g = scale·dy`; `dscale = Σ dy·x̂`, `doffset = Σ dy`. */
const gradientKernel = defineKernel<GradientInputs, object>({
  name: 'LayerNormalizationGrad',
  composed: ({ dy, x, scale, mean: mu, inverse }) => {
    const normalised = mul(sub(x, mu), inverse);
    const g = mul(dy, scale);
    const along = mul(normalised, averaged(mul(g, normalised)));
    const dx = mul(sub(sub(g, averaged(g)), along), inverse);
    return [dx, summed(mul(dy, normalised)), summed(dy)];
  },
});

const kernel = defineKernel<Inputs, { epsilon: number }>({
  name: 'LayerNormalization',
  composed: ({ x, scale, offset }, { epsilon }) => {
    const mu = averaged(x);
    const centred = sub(x, mu);
    const inverse = rsqrt(add(averaged(square(centred)), epsilon));
    return [add(mul(mul(centred, inverse), scale), offset), mu, inverse];
  },
  gradient: {
    inputs: ['x', 'scale'],
    outputs: [false, true, true],
    compute: ([dy], [x, scale, mu, inverse]) => {
      const [dx, dscale, doffset] = gradientKernel({ dy: dy!, x: x!, scale: scale!, mean: mu!, inverse: inverse! }, {});
      return { x: () => dx!, scale: () => dscale!, offset: () => doffset! };
    },
  },
});

/**
 * Layer normalisation along the last axis: `y = scale·(x − μ)/√(σ² + ε) + offset` with each position's own mean μ and biased
 * variance σ² (Ba, Kiros & Hinton 2016).
 *
 * @param x [..., C]
 * @param scale [C]
 * @param offset [C]
 */
export function layerNormalization(
  x: Tensor,
  scale: Tensor1D,
  offset: Tensor1D,
  { epsilon = 1e-5 }: { epsilon?: number } = {},
): Tensor {
  const channels = x.shape.at(-1);
  checkArgument(
    x.rank >= 2 && scale.size === channels && offset.size === channels,
    () =>
      `layerNormalization: x must be [...,C] of rank 2 or more with scale and offset [C], ` +
      `got [${x.shape}], [${scale.shape}] and [${offset.shape}]`,
  );
  return tidy(() => kernel({ x, scale, offset }, { epsilon })[0]!);
}
