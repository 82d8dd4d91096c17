import type { HostArray } from '@covpool/core';
import type { RoiTaps } from './roi-taps.ts';

/** What a bin is made of: `count` positions of the features (where their channels start), and the weights; then three with the weight 0. */
interface BinTaps {
  count: number;
  positions: Int32Array;
  weights: Float64Array;
}

/** RoIAlign on the processor: a multiply-add for each tap and channel, four taps in one pass over the channels. */
export function alignOnHost({ values: features }: HostArray, taps: RoiTaps): HostArray {
  const channels = taps.shape[3];
  const shape = [taps.pictures.length, ...taps.size, channels];
  const pooled = new Float32Array(shape.reduce((a, b) => a * b));
  eachBin(taps, (bin, { count, positions, weights }) => {
    for (let t = 0; t < count; t += 4) {
      const [p0, p1, p2, p3] = [positions[t]!, positions[t + 1]!, positions[t + 2]!, positions[t + 3]!];
      const [w0, w1, w2, w3] = [weights[t]!, weights[t + 1]!, weights[t + 2]!, weights[t + 3]!];
      for (let c = 0; c < channels; c++) {
        pooled[bin + c]! +=
          w0 * features[p0 + c]! + w1 * features[p1 + c]! + w2 * features[p2 + c]! + w3 * features[p3 + c]!;
      }
    }
  });
  return { shape, values: pooled };
}

/** Its gradient: every bin gives to the positions that it was made of. */
export function alignOnHostGradient({ values: dy }: HostArray, taps: RoiTaps): HostArray {
  const channels = taps.shape[3];
  const gradient = new Float32Array(taps.shape.reduce((a, b) => a * b));
  eachBin(taps, (bin, { count, positions, weights }) => {
    for (let t = 0; t < count; t += 4) {
      const [p0, p1, p2, p3] = [positions[t]!, positions[t + 1]!, positions[t + 2]!, positions[t + 3]!];
      const [w0, w1, w2, w3] = [weights[t]!, weights[t + 1]!, weights[t + 2]!, weights[t + 3]!];
      for (let c = 0; c < channels; c++) {
        const slope = dy[bin + c]!;
        gradient[p0 + c]! += w0 * slope;
        gradient[p1 + c]! += w1 * slope;
        gradient[p2 + c]! += w2 * slope;
        gradient[p3 + c]! += w3 * slope;
      }
    }
  });
  return { shape: [...taps.shape], values: gradient };
}

/** Visits every bin of every box that has taps, with where its channels start. */
function eachBin(taps: RoiTaps, visit: (bin: number, binTaps: BinTaps) => void): void {
  const { shape, size, pictures, rows, columns } = taps;
  const [, height, width, channels] = shape;
  const most = columns.reduce((length, axis) => Math.max(length, axis.positions.length), 0);
  const lines = rows.reduce((length, axis) => Math.max(length, axis.positions.length), 0);
  const room = most * lines + 3;
  const binTaps: BinTaps = { count: 0, positions: new Int32Array(room), weights: new Float64Array(room) };
  const { positions, weights } = binTaps;
  let bin = 0;
  for (let n = 0; n < pictures.length; n++) {
    const [row, column] = [rows[n]!, columns[n]!];
    for (let i = 0; i < size[0]; i++) {
      for (let j = 0; j < size[1]; j++, bin += channels) {
        let count = 0;
        for (let v = row.starts[i]!; v < row.starts[i + 1]!; v++) {
          const line = (pictures[n]! * height + row.positions[v]!) * width;
          for (let u = column.starts[j]!; u < column.starts[j + 1]!; u++, count++) {
            positions[count] = (line + column.positions[u]!) * channels;
            weights[count] = row.weights[v]! * column.weights[u]!;
          }
        }
        weights.fill(0, count, count + 3);
        positions.fill(positions[Math.max(count - 1, 0)]!, count, count + 3);
        binTaps.count = count;
        visit(bin, binTaps);
      }
    }
  }
}
