import { pad as padWith, slice, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { replaceKernel } from './replace-kernel.ts';

type Sides = [before: number, after: number][];

interface PoolAttributes {
  pad: 'valid' | 'same' | number | Sides;
}

/** The padding of each side where it is given in numbers; the operation knows none but `valid` and `same`. */
function explicitSides({ pad }: PoolAttributes): Sides | undefined {
  if (typeof pad === 'string') return undefined;
  return typeof pad === 'number'
    ? [
        [0, 0],
        [pad, pad],
        [pad, pad],
        [0, 0],
      ]
    : pad;
}

/** What lies outside of the picture is never the largest. */
const surround = (x: Tensor, sides: Sides): Tensor => padWith(x, sides, Number.NEGATIVE_INFINITY);

/** Gives max pooling on TensorFlow's library, and its gradient, padding in numbers, which it lacks. */
export function registerPaddedPooling(): void {
  replaceKernel('MaxPool', (released) => (call) => {
    const sides = explicitSides(call.attrs as unknown as PoolAttributes);
    if (!sides) return released(call);
    return tidy(() => {
      const x = surround(call.inputs.x as Tensor, sides);
      return released({ ...call, inputs: { x }, attrs: { ...call.attrs, pad: 'valid' } }) as Tensor;
    });
  });
  replaceKernel('MaxPoolGrad', (released) => (call) => {
    const sides = explicitSides(call.attrs as unknown as PoolAttributes);
    if (!sides) return released(call);
    return tidy(() => {
      const { input, ...rest } = call.inputs as { input: Tensor };
      const inputs = { ...rest, input: surround(input, sides) };
      const whole = released({ ...call, inputs, attrs: { ...call.attrs, pad: 'valid' } }) as Tensor;
      return slice(
        whole,
        sides.map(([before]) => before),
        input.shape,
      );
    });
  });
}
