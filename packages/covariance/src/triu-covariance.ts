import { defineKernel } from '@covpool/core';
import { type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { momentGradientKernel, momentKernel } from './moment-kernel.ts';
import { asRows } from './rows.ts';
import { checkOrder, type TriuOrder } from './triu-places.ts';
import { scatterKernel, type TriuOptions, vectorizeKernel } from './triu.ts';

interface Attributes {
  order: TriuOrder;
}

const CENTRED = { centering: true };

const gradientKernel = defineKernel<{ dv: Tensor; x: Tensor }, Attributes>({
  name: 'TriuCovarianceGradient',
  composed: ({ dv, x }, options) => momentGradientKernel({ dy: scatterKernel({ v: dv }, options)[0]!, x }, CENTRED),
});

const triuCovarianceKernel = defineKernel<{ x: Tensor }, Attributes>({
  name: 'TriuCovariance',
  composed: ({ x }, options) => vectorizeKernel({ a: momentKernel({ x }, CENTRED)[0]! }, options),
  gradient: {
    inputs: ['x'],
    outputs: [false],
    compute: ([dv], [x], options) => ({ x: () => gradientKernel({ dv: dv!, x: x! }, options)[0]! }),
  },
});

/**
 * The upper triangle of the covariance of features over positions, `triuVectorize(covariance(x))`, as one operation: on wasm and
 * on tensorflow the matrices stay in the processor's cache, forward and backward.
 *
 * Cost: M·d²/2 multiply-adds forward, M·d² backward.
 *
 * @param x features [B,M,d] or [B,H,W,d]
 * @returns [B,d(d+1)/2]
 *
 * ```ts
 * triuCovariance(tensor([1, 0, 0, 1, -1, 0, 0, -1], [1, 4, 2])); // [[0.5, 0, 0.5]]
 * ```
 */
export function triuCovariance(x: Tensor, { order = 'rows' }: TriuOptions = {}): Tensor2D {
  checkOrder('triuCovariance', order);
  return tidy(() => triuCovarianceKernel({ x: asRows('triuCovariance', x) }, { order })[0] as Tensor2D);
}
