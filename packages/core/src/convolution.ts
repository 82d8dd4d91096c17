import { checkArgument } from '@covpool/base';
import { add, conv2d, type Tensor1D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';

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
    const y = conv2d(x, filter, strides, padding);
    return bias ? add(y, bias) : y;
  });
}
