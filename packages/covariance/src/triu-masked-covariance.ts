import { checkArgument } from '@covpool/base';
import { defineKernel } from '@covpool/core';
import { expandDims, mul, sum, type Tensor, type Tensor2D, tidy, zerosLike } from '@tensorflow/tfjs-core';
import { momentGradientKernel, momentKernel } from './moment-kernel.ts';
import { asRows } from './rows.ts';
import { scatterKernel, vectorizeKernel } from './triu.ts';

interface Inputs {
  x: Tensor;
  weights: Tensor;
  mask: Tensor;
}

const CENTRED = { centering: true };
const ROWS = { order: 'rows' } as const;

const scaled = (x: Tensor, factors: Tensor): Tensor => mul(x, expandDims(factors, 1));

/** The gradients by the features, `Y∘s`, and by the weights, `mask∘Σ X∘Y`; Y that by the features times their factors s. */
const gradientKernel = defineKernel<Inputs & { dv: Tensor }, object>({
  name: 'TriuMaskedCovarianceGradient',
  composed: ({ dv, x, weights, mask }) => {
    const factors = mul(weights, mask);
    const dy = scatterKernel({ v: dv }, ROWS)[0]!;
    const y = momentGradientKernel({ dy, x: scaled(x, factors) }, CENTRED)[0]!;
    return [scaled(y, factors), mul(mask, sum(mul(x, y), 1))];
  },
});

const maskedKernel = defineKernel<Inputs, object>({
  name: 'TriuMaskedCovariance',
  composed: ({ x, weights, mask }) =>
    vectorizeKernel({ a: momentKernel({ x: scaled(x, mul(weights, mask)) }, CENTRED)[0]! }, ROWS),
  gradient: {
    inputs: ['x', 'weights', 'mask'],
    outputs: [false],
    compute: ([dv], [x, weights, mask]) => {
      const inputs = { dv: dv!, x: x!, weights: weights!, mask: mask! };
      const [dx, dWeights] = gradientKernel(inputs, {}) as [Tensor, Tensor];
      return { x: () => dx, weights: () => dWeights, mask: () => zerosLike(mask!) };
    },
  },
});

/**
 * The upper triangle of the covariance of features whose channels have weights, and of which a mask keeps some:
 * `triu(cov(X∘w∘m))`. The mask is a constant to the gradient. On wasm and on tensorflow channels with mask 0 cost nothing and
 * the matrices stay in the processor's cache.
 *
 * Cost, k of the d channels kept: M·k²/2 multiply-adds forward, M·k² backward; without a form of its own as for k = d.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @param weights w, of the channels of each image [B,d]
 * @param mask m, 0 or a factor for each channel of each image [B,d]
 * @returns [B,d(d+1)/2], row by row
 *
 * ```ts
 * triuMaskedCovariance(tensor([1, 0, 0, 1, -1, 0, 0, -1], [1, 4, 2]), tensor([[1, 2]]), tensor([[1, 1]])); // [[0.5, 0, 2]]
 * ```
 */
export function triuMaskedCovariance(x: Tensor, weights: Tensor2D, mask: Tensor2D): Tensor2D {
  return tidy(() => {
    const rows = asRows('triuMaskedCovariance', x);
    const [batch, , channels] = rows.shape;
    for (const [name, { shape }] of Object.entries({ weights, mask })) {
      checkArgument(
        String(shape) === String([batch, channels]),
        () => `triuMaskedCovariance: ${name} must be [B,d] = [${batch},${channels}] like the features, got [${shape}]`,
      );
    }
    return maskedKernel({ x: rows, weights, mask }, {})[0] as Tensor2D;
  });
}
