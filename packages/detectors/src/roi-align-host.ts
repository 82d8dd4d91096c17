import type { HostArray } from '@covpool/core';
import type { RoiTaps } from './roi-taps.ts';

/** A position of the features that a bin takes from: where their channels start, where those of the bin do, and the weight. */
type Visit = (position: number, bin: number, weight: number) => void;

/** RoIAlign on the processor: a multiply-add for each tap and channel. */
export function alignOnHost({ values: features }: HostArray, taps: RoiTaps): HostArray {
  const channels = taps.shape[3];
  const shape = [taps.pictures.length, ...taps.size, channels];
  const pooled = new Float32Array(shape.reduce((a, b) => a * b));
  eachTap(taps, (position, bin, weight) => {
    for (let c = 0; c < channels; c++) pooled[bin + c]! += weight * features[position + c]!;
  });
  return { shape, values: pooled };
}

/** Its gradient: every bin gives to the positions that it was made of. */
export function alignOnHostGradient({ values: dy }: HostArray, taps: RoiTaps): HostArray {
  const channels = taps.shape[3];
  const gradient = new Float32Array(taps.shape.reduce((a, b) => a * b));
  eachTap(taps, (position, bin, weight) => {
    for (let c = 0; c < channels; c++) gradient[position + c]! += weight * dy[bin + c]!;
  });
  return { shape: [...taps.shape], values: gradient };
}

function eachTap({ shape, size, pictures, rows, columns }: RoiTaps, visit: Visit): void {
  const [, height, width, channels] = shape;
  let bin = 0;
  for (let n = 0; n < pictures.length; n++) {
    const picture = pictures[n]! * height;
    const [row, column] = [rows[n]!, columns[n]!];
    for (let i = 0; i < size[0]; i++) {
      for (let j = 0; j < size[1]; j++) {
        for (let v = row.starts[i]!; v < row.starts[i + 1]!; v++) {
          const line = (picture + row.positions[v]!) * width;
          for (let u = column.starts[j]!; u < column.starts[j + 1]!; u++) {
            visit((line + column.positions[u]!) * channels, bin, row.weights[v]! * column.weights[u]!);
          }
        }
        bin += channels;
      }
    }
  }
}
