import { checkArgument } from '@covpool/base';
import { defineKernel } from '@covpool/core';
import {
  image,
  matMul,
  pad,
  reshape,
  sum,
  type Tensor,
  type Tensor2D,
  tensor2d,
  type Tensor4D,
  tidy,
  transpose,
} from '@tensorflow/tfjs-core';

interface Inputs {
  x: Tensor4D;
}

interface Attributes {
  size: [number, number];
}

/** Every second row added to the one before it: [N,2H,M] to [N,H,M], an odd last row by itself. */
function pairs(dy: Tensor, count: number, rows: number, width: number, extent: number): Tensor {
  const even =
    rows === 2 * extent
      ? dy
      : pad(reshape(dy, [count, rows, width]), [
          [0, 0],
          [0, 1],
          [0, 0],
        ]);
  return sum(reshape(even, [count * extent, 2, width]), 1);
}

/** The rows of dy added up by the row that they came from: [N,rows,M] to [N,extent,M]. */
function gatherRows(dy: Tensor, count: number, rows: number, width: number, extent: number): Tensor {
  if (rows === extent) return dy;
  if (rows === 2 * extent || rows === 2 * extent - 1) return pairs(dy, count, rows, width, extent);
  const sources = new Float32Array(extent * rows);
  for (let row = 0; row < rows; row++) sources[Math.floor((row * extent) / rows) * rows + row] = 1;
  const asColumns = reshape(transpose(reshape(dy, [count, rows, width]), [1, 0, 2]), [rows, count * width]);
  const summed = matMul(tensor2d(sources, [extent, rows]), asColumns as Tensor2D);
  return transpose(reshape(summed, [extent, count, width]), [1, 0, 2]);
}

const kernel = defineKernel<Inputs, Attributes>({
  name: 'NearestUpsample',
  composed: ({ x }, { size }) => [image.resizeNearestNeighbor(x, size)],
  // wasm has no kernel for TensorFlow.js's own gradient.
  gradient: {
    inputs: ['x'],
    outputs: [false],
    compute: ([dy], [x], { size: [rows, columns] }) => ({
      x: () =>
        tidy(() => {
          const [batch, height, width, channels] = (x as Tensor4D).shape;
          const down = gatherRows(dy!, batch, rows, columns * channels, height);
          const across = gatherRows(down, batch * height, columns, channels, width);
          return reshape(across, [batch, height, width, channels]);
        }),
    }),
  },
});

/**
 * Features enlarged to an exact size by repeating the nearest: `out[i] = x[⌊i·H/size⌋]` along each side, as PyTorch's `interpolate`
 * does. The gradient of a position is the sum over its copies.
 *
 * @param x [B,H,W,C]
 * @param size height and width of the result
 */
export function nearestUpsample(x: Tensor4D, size: [number, number]): Tensor4D {
  checkArgument(x.rank === 4, () => `nearestUpsample: x must be [B,H,W,C], got [${x.shape}]`);
  checkArgument(
    size.every((extent) => Number.isInteger(extent) && extent > 0),
    () => `nearestUpsample: size must be two positive whole numbers, got [${size}]`,
  );
  if (x.shape[1] === size[0] && x.shape[2] === size[1]) return x.clone();
  return kernel({ x }, { size })[0] as Tensor4D;
}
