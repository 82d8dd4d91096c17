import { checkArgument } from '@covpool/base';
import { add, erf, exp, mul, square, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { defineKernel } from './define-kernel.ts';
import { NamedLayer, onlyInput, registerLayer } from './named-layer.ts';

/** Φ(x), the probability that a standard normal number is at most x. */
const probability = (x: Tensor): Tensor => mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);

/** `dy · (Φ(x) + x·φ(x))` with φ the standard normal density. */
const gradientKernel = defineKernel<{ dy: Tensor; x: Tensor }, object>({
  name: 'GeluGrad',
  composed: ({ dy, x }) => {
    const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return [mul(dy, add(probability(x), mul(x, density)))];
  },
});

const kernel = defineKernel<{ x: Tensor }, object>({
  name: 'Gelu',
  composed: ({ x }) => [mul(x, probability(x))],
  gradient: {
    inputs: ['x'],
    outputs: [false],
    compute: ([dy], [x]) => ({ x: () => gradientKernel({ dy: dy!, x: x! }, {})[0]! }),
  },
});

/**
 * `gelu(x) = x·Φ(x) = x/2 · (1 + erf(x/√2))`, the exact form, not the one by tanh (Hendrycks & Gimpel 2016). As good as the engine's
 * `erf`: 1.5e-7 of x where that is the usual rational approximation. The gradient needs x alone.
 */
export function gelu(x: Tensor): Tensor {
  checkArgument(x.dtype === 'float32', () => `gelu: x must be float32, got ${x.dtype}`);
  return tidy(() => kernel({ x }, {})[0]!);
}

/** `gelu` as a layer. */
export class Gelu extends NamedLayer {
  static className = 'covpool/core/Gelu';

  override call(inputs: Tensor | Tensor[]): Tensor {
    return gelu(onlyInput(inputs));
  }
}

registerLayer(Gelu);
