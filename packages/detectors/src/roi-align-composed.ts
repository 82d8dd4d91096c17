import {
  add,
  gather,
  mul,
  reshape,
  scatterND,
  type Tensor,
  tensor,
  type Tensor2D,
  type Tensor4D,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import type { AxisTaps } from './axis-taps.ts';
import type { RoiTaps } from './roi-taps.ts';

/** One tap for each bin of each box: the position and the weight, 0 for bins that have no more taps. */
interface TapRound {
  positions: Int32Array;
  weights: Float32Array;
}

/** RoIAlign in operations of TensorFlow.js: a gather for each pair of a row's and a column's tap, as many as the largest bin has. */
export function alignOnDevice(features: Tensor4D, taps: RoiTaps): Tensor4D {
  const channels = taps.shape[3];
  const shape = resultShape(taps);
  const positions: Tensor2D = reshape(features, [-1, channels]);
  return reshape(
    sumOverRounds(taps, [shape[0] * shape[1] * shape[2], channels], (round) =>
      mul(
        gather(positions, tensor(round.positions, undefined, 'int32')),
        tensor(round.weights, [round.weights.length, 1]),
      ),
    ),
    shape,
  );
}

/** Its gradient: a scatter for each such pair. */
export function alignOnDeviceGradient(dy: Tensor4D, taps: RoiTaps): Tensor4D {
  const [batch, height, width, channels] = taps.shape;
  const rows: Tensor2D = reshape(dy, [-1, channels]);
  const target: [number, number] = [batch * height * width, channels];
  return reshape(
    sumOverRounds(taps, target, (round) =>
      scatterND(
        tensor(round.positions, [round.positions.length, 1], 'int32'),
        mul(rows, tensor(round.weights, [round.weights.length, 1])),
        target,
      ),
    ),
    [batch, height, width, channels],
  );
}

const resultShape = (taps: RoiTaps): [number, number, number, number] => [
  taps.pictures.length,
  ...taps.size,
  taps.shape[3],
];

function sumOverRounds(taps: RoiTaps, shape: [number, number], term: (round: TapRound) => Tensor): Tensor {
  let total: Tensor = zeros(shape);
  if (taps.pictures.length === 0) return total;
  for (let v = 0; v < mostTaps(taps.rows); v++) {
    for (let u = 0; u < mostTaps(taps.columns); u++) {
      const previous: Tensor = total;
      total = tidy(() => add(previous, term(tapRound(taps, v, u))));
      previous.dispose();
    }
  }
  return total;
}

function mostTaps(axes: AxisTaps[]): number {
  let most = 0;
  for (const { starts } of axes) {
    for (let b = 1; b < starts.length; b++) most = Math.max(most, starts[b]! - starts[b - 1]!);
  }
  return most;
}

function tapRound({ shape, size, pictures, rows, columns }: RoiTaps, v: number, u: number): TapRound {
  const bins = pictures.length * size[0] * size[1];
  const round: TapRound = { positions: new Int32Array(bins), weights: new Float32Array(bins) };
  let bin = 0;
  for (let n = 0; n < pictures.length; n++) {
    for (let i = 0; i < size[0]; i++) {
      const row = rows[n]!.starts[i]! + v;
      const hasRow = row < rows[n]!.starts[i + 1]!;
      for (let j = 0; j < size[1]; j++, bin++) {
        const column = columns[n]!.starts[j]! + u;
        if (!hasRow || column >= columns[n]!.starts[j + 1]!) continue;
        const line = pictures[n]! * shape[1] + rows[n]!.positions[row]!;
        round.positions[bin] = line * shape[2] + columns[n]!.positions[column]!;
        round.weights[bin] = rows[n]!.weights[row]! * columns[n]!.weights[column]!;
      }
    }
  }
  return round;
}
