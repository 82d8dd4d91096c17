import { checkArgument } from '@covpool/base';
import { add, concat, conv2d, pad, split, type Tensor1D, type Tensor4D, tidy } from '@tensorflow/tfjs-core';

/**
 * A convolution along the height in groups of neighbouring channels, PyTorch's `Conv2d` with a kernel k×1, `groups` and a
 * bias; as many rows come out as go in.
 *
 * Cost: B·H·W·k·C·F/groups multiply-adds, one convolution per group.
 *
 * @param x [B,H,W,C]
 * @param filter [k,1,C/groups,F], k odd
 * @param bias [F]
 * @returns [B,H,W,F]
 * @throws bad-argument for shapes or groups that do not fit each other
 */
export function groupedConvolution(x: Tensor4D, filter: Tensor4D, bias: Tensor1D, groups: number): Tensor4D {
  checkArgument(
    x.rank === 4 && filter.rank === 4 && filter.shape[2] * groups === x.shape[3] && filter.shape[3] % groups === 0,
    () =>
      `groupedConvolution: x must be [B,H,W,C] and filter [k,1,C/${groups},F] with F a multiple of ${groups}, ` +
      `got [${x.shape}] and [${filter.shape}]`,
  );
  checkArgument(
    filter.shape[0] % 2 === 1 && filter.shape[1] === 1,
    () => `groupedConvolution: the kernel must be k×1 with k odd, got ${filter.shape[0]}×${filter.shape[1]}`,
  );
  return tidy(() => {
    const rows = (filter.shape[0] - 1) / 2;
    const none: [number, number] = [0, 0];
    const padded = pad(x, [none, [rows, rows], none, none]);
    // TensorFlow.js cannot differentiate a split into one part.
    if (groups === 1) return add(conv2d(padded, filter, 1, 'valid'), bias);
    const filters = split<Tensor4D>(filter, groups, 3);
    const parts = split<Tensor4D>(padded, groups, 3).map((part, i) => conv2d(part, filters[i]!, 1, 'valid'));
    return add(concat(parts, 3), bias);
  });
}
