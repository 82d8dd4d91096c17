import { checkArgument } from '@covpool/base';
import { depthwiseConv2d, type Tensor4D } from '@tensorflow/tfjs-core';

/**
 * Convolves each channel with a filter of its own, padded as in PyTorch: `y[b,i,j,c] = Σ x[b,si+u−p,sj+v−p,c]·f[u,v,c]`, NHWC.
 * It is PyTorch's convolution with as many groups as channels. Costs kh·kw multiply-adds per value.
 *
 * @param x features [B,H,W,C]
 * @param filter [kh,kw,C,1]
 */
export function depthwiseConvolution(
  x: Tensor4D,
  filter: Tensor4D,
  { strides = 1, padding = 0 }: { strides?: number; padding?: number } = {},
): Tensor4D {
  checkArgument(
    x.rank === 4 && filter.rank === 4 && x.shape[3] === filter.shape[2] && filter.shape[3] === 1,
    () =>
      `depthwiseConvolution: x must be [B,H,W,C] and filter [kh,kw,C,1] with the same C, got [${x.shape}] and [${filter.shape}]`,
  );
  return depthwiseConv2d(x, filter, strides, padding);
}
