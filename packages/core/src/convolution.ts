import { checkArgument } from '@covpool/base';
import { add, conv2d, getBackend, pad, type Tensor1D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';

/**
 * 2-D convolution with PyTorch's symmetric explicit padding, NHWC:
 * `out = floor((in + 2·padding − kernel) / stride) + 1` along each side. TensorFlow's `same` pads an even input with
 * stride 2 on one side only and gives other numbers.
 *
 * @param x features [B,H,W,C]
 * @param filter [kh,kw,C,F]
 */
export function convolution(
  x: Tensor4D,
  filter: Tensor4D,
  { strides = 1, padding = 0, bias }: { strides?: number; padding?: number; bias?: Tensor1D } = {},
): Tensor4D {
  checkArgument(
    x.rank === 4 && filter.rank === 4 && x.shape[3] === filter.shape[2],
    () =>
      `convolution: x must be [B,H,W,C] and filter [kh,kw,C,F] with the same C, got [${x.shape}] and [${filter.shape}]`,
  );
  return tidy(() => {
    const y = paddedConvolution(x, filter, strides, padding);
    return bias ? add(y, bias) : y;
  });
}

function paddedConvolution(x: Tensor4D, filter: Tensor4D, strides: number, padding: number): Tensor4D {
  if (padding === 0) return conv2d(x, filter, strides, 'valid');
  // The native TensorFlow backends have no gradient for explicit padding.
  if (getBackend().startsWith('tensorflow')) {
    const sides: [number, number] = [padding, padding];
    return conv2d(pad(x, [[0, 0], sides, sides, [0, 0]]), filter, strides, 'valid');
  }
  return conv2d(x, filter, strides, padding);
}

/** The extent of a convolution's or a pooling's output along one side. */
export function convolvedExtent(
  extent: number | null,
  kernel: number,
  strides: number,
  padding: number,
): number | null {
  return extent === null ? null : Math.floor((extent + 2 * padding - kernel) / strides) + 1;
}
