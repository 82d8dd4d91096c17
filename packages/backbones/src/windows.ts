import { checkArgument } from '@covpool/base';
import { concat, reshape, slice, type Tensor3D, type Tensor4D, tidy, transpose } from '@tensorflow/tfjs-core';

/**
 * Cuts a map into square windows, row by row: [B,H,W,C] to [B·(H/side)·(W/side), side², C].
 *
 * @throws bad-argument unless the sides of the map are multiples of `side`
 */
export function intoWindows(x: Tensor4D, side: number): Tensor3D {
  const [batch, height, width, channels] = x.shape;
  checkArgument(
    height % side === 0 && width % side === 0,
    () => `intoWindows: the sides of the map must be multiples of ${side}, got [${x.shape}]`,
  );
  return tidy(() => {
    const rows = reshape(x, [(batch * height) / side, side, width / side, side * channels]);
    return reshape(transpose(rows, [0, 2, 1, 3]), [-1, side * side, channels]);
  });
}

/** Puts windows together to a map [B,H,W,C]: the inverse of `intoWindows`. */
export function fromWindows(windows: Tensor3D, height: number, width: number): Tensor4D {
  const [, positions, channels] = windows.shape;
  const side = Math.sqrt(positions);
  return tidy(() => {
    const columns = reshape(windows, [-1, width / side, side, side * channels]);
    return reshape(transpose(columns, [0, 2, 1, 3]), [-1, height, width, channels]);
  });
}

/** Moves a map up and to the left by so many positions, around its borders: `out[i,j] = in[i + dy, j + dx]`. */
export function shifted(x: Tensor4D, [dy, dx]: readonly [number, number]): Tensor4D {
  return tidy(() => around(around(x, 1, dy), 2, dx));
}

function around(x: Tensor4D, axis: 1 | 2, distance: number): Tensor4D {
  const extent = x.shape[axis];
  const by = ((distance % extent) + extent) % extent;
  if (by === 0) return x;
  const cut = (from: number, size: number): Tensor4D => {
    const [begin, sizes] = [[0, 0, 0, 0] as [number, number, number, number], [...x.shape] as typeof x.shape];
    begin[axis] = from;
    sizes[axis] = size;
    return slice(x, begin, sizes);
  };
  return concat([cut(by, extent - by), cut(0, by)], axis);
}
