import { checkArgument } from '@covpool/base';
import { matMul, reshape, tensor3d, type Tensor3D, type Tensor4D, tidy, tile } from '@tensorflow/tfjs-core';

/**
 * Average pooling to a given size, up or down, with PyTorch's cells: output row i is the mean of the input rows
 * `⌊i·H/h⌋ … ⌈(i+1)·H/h⌉ − 1`, columns likewise. Cells overlap where h does not divide H; where H divides h, each value is
 * repeated.
 *
 * Two matrix products with the averaging matrices of the rows and of the columns, which every engine has and differentiates;
 * B·C·(h·H·W + h·w·W) multiply-adds.
 *
 * @param x [B,H,W,C]
 * @param size `[h, w]`
 * @returns [B,h,w,C]
 *
 * ```ts
 * adaptiveAveragePool(tensor4d([1, 2, 3], [1, 3, 1, 1]), [2, 1]); // [1.5, 2.5]
 * ```
 * @throws bad-argument for another rank, an empty map, or a size that is not of positive whole numbers
 */
export function adaptiveAveragePool(x: Tensor4D, [height, width]: readonly [number, number]): Tensor4D {
  checkArgument(
    x.rank === 4 && x.size > 0,
    () => `adaptiveAveragePool: features must be [B,H,W,C] with at least one position, got [${x.shape}]`,
  );
  checkArgument(
    [height, width].every((extent) => Number.isInteger(extent) && extent > 0),
    () => `adaptiveAveragePool: the size must be two positive whole numbers, got [${height},${width}]`,
  );
  return tidy(() => {
    const [batch, rows, columns, channels] = x.shape;
    const down = averageRows(reshape(x, [batch, rows, columns * channels]), height);
    const across = averageRows(reshape(down, [batch * height, columns, channels]), width);
    return reshape(across, [batch, height, width, channels]);
  });
}

/** [N,M,K] to [N,m,K]. */
function averageRows(x: Tensor3D, to: number): Tensor3D {
  const [count, from] = x.shape;
  if (from === to) return x;
  return matMul(tile(tensor3d(averagingMatrix(from, to), [1, to, from]), [count, 1, 1]), x);
}

function averagingMatrix(from: number, to: number): Float32Array {
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const [start, end] = [Math.floor((i * from) / to), Math.ceil(((i + 1) * from) / to)];
    matrix.fill(1 / (end - start), i * from + start, i * from + end);
  }
  return matrix;
}
