import { type KernelFunc, pad as padWith, slice, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { replaceKernel } from './replace-kernel.ts';
import { executeOnednn, hasOnednn } from './tensorflow-onednn.ts';
import { type Attribute, floatType, integerList, tensorflow } from './tensorflow-operation.ts';

type Sides = [before: number, after: number][];

interface PoolAttributes {
  filterSize: number | [number, number];
  strides: number | [number, number];
  pad: 'valid' | 'same' | number | Sides;
}

/** What a window has along the height and the width, of each dimension. */
const perDimension = (extents: number | [number, number]): number[] =>
  typeof extents === 'number' ? [1, extents, extents, 1] : [1, ...extents, 1];

/**
 * The gradient on oneDNN, which needs the maxima and where each came from once more: a third of the time of TensorFlow's own operation,
 * which looks at all of a window's numbers again.
 */
const onednnGradient: KernelFunc = ({ inputs, attrs }) =>
  tidy(() => {
    const { dy, input } = inputs as Record<'dy' | 'input', Tensor>;
    const { filterSize, strides, pad } = attrs as unknown as PoolAttributes;
    const { binding } = tensorflow();
    const attributes: Attribute[] = [
      floatType(),
      integerList('ksize', perDimension(filterSize)),
      integerList('strides', perDimension(strides)),
      { name: 'padding', type: binding.TF_ATTR_STRING, value: pad === 'same' ? 'SAME' : 'VALID' },
      { name: 'workspace_enabled', type: binding.TF_ATTR_BOOL, value: true },
    ];
    const [maxima, places] = executeOnednn('MaxPool', attributes, [input], 2) as [Tensor, Tensor];
    return executeOnednn('MaxPoolGrad', attributes, [input, maxima, dy, places])[0]!;
  });

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

/** Gives max pooling on TensorFlow's library, and its gradient, padding in numbers, which it lacks, and the quicker gradient. */
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
    const gradient = hasOnednn() ? onednnGradient : released;
    if (!sides) return gradient(call);
    return tidy(() => {
      const { input, ...rest } = call.inputs as { input: Tensor };
      const inputs = { ...rest, input: surround(input, sides) };
      const whole = gradient({ ...call, inputs, attrs: { ...call.attrs, pad: 'valid' } }) as Tensor;
      return slice(
        whole,
        sides.map(([before]) => before),
        input.shape,
      );
    });
  });
}
