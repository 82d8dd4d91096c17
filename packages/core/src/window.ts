import type { OnnxAttribute } from './onnx.ts';

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
