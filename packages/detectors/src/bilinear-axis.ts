/** How each point of a resized axis is made of two of the original: `(1 − fraction)·f[low] + fraction·f[high]`. */
export interface BilinearAxis {
  low: Int32Array;
  high: Int32Array;
  fraction: Float64Array;
}

/** An axis of `from` points resized to `to`: point i stands at (i + ½)·from/to − ½, held at the ends. Those from `start` to `end` − 1. */
export function bilinearAxis(from: number, to: number, start = 0, end = to): BilinearAxis {
  const axis = emptyAxis(Math.max(end - start, 0));
  for (let i = 0; i < axis.low.length; i++) {
    const at = Math.min(Math.max(((start + i + 0.5) * from) / to - 0.5, 0), from - 1);
    axis.low[i] = Math.floor(at);
    axis.high[i] = Math.min(axis.low[i]! + 1, from - 1);
    axis.fraction[i] = at - axis.low[i]!;
  }
  return axis;
}

export const emptyAxis = (points: number): BilinearAxis => ({
  low: new Int32Array(points),
  high: new Int32Array(points),
  fraction: new Float64Array(points),
});

/** The grid of values, `width` to a row, at every pair of points of two axes, row by row. */
export function bilinearGrid(
  values: ArrayLike<number>,
  width: number,
  rows: BilinearAxis,
  columns: BilinearAxis,
): Float32Array {
  const [height, length] = [rows.low.length, columns.low.length];
  const result = new Float32Array(height * length);
  for (let i = 0, at = 0; i < height; i++) {
    const [upper, lower, down] = [rows.low[i]! * width, rows.high[i]! * width, rows.fraction[i]!];
    for (let j = 0; j < length; j++, at++) {
      const [left, right, across] = [columns.low[j]!, columns.high[j]!, columns.fraction[j]!];
      const above = values[upper + left]! * (1 - across) + values[upper + right]! * across;
      const below = values[lower + left]! * (1 - across) + values[lower + right]! * across;
      result[at] = above * (1 - down) + below * down;
    }
  }
  return result;
}
