import { getBackend, pad, type Tensor4D } from '@tensorflow/tfjs-core';
import type { OnnxAttribute } from './onnx.ts';

/** Calls an operation of TensorFlow.js so that it sees `padding` zeros on each side of its input. */
export function withPadding(
  x: Tensor4D,
  padding: number,
  operation: (x: Tensor4D, pad: number | 'valid') => Tensor4D,
): Tensor4D {
  if (padding === 0) return operation(x, 'valid');
  // The native TensorFlow backends have no gradient for explicit padding.
  if (getBackend().startsWith('tensorflow')) {
    const sides: [number, number] = [padding, padding];
    return operation(pad(x, [[0, 0], sides, sides, [0, 0]]), 'valid');
  }
  return operation(x, padding);
}

/** What ONNX calls kernel, strides and padding of a square window. */
export const onnxWindow = (kernel: number, strides: number, padding: number): Record<string, OnnxAttribute> => ({
  kernel_shape: [kernel, kernel],
  strides: [strides, strides],
  pads: [padding, padding, padding, padding],
});

/** The extent of a convolution's or a pooling's output along one side. */
export function convolvedExtent(
  extent: number | null,
  kernel: number,
  strides: number,
  padding: number,
): number | null {
  return extent === null ? null : Math.floor((extent + 2 * padding - kernel) / strides) + 1;
}
