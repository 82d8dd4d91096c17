/** How bins of one axis of a box are made of positions of the features: bin b is Σ weights[t]·f[positions[t]] over its taps. */
export interface AxisTaps {
  /** The taps of bin b are starts[b] to starts[b+1] − 1. */
  starts: Int32Array;
  positions: Int32Array;
  weights: Float64Array;
}

/**
 * The taps of an axis of RoIAlign. A bin is the mean of `samples` points spaced evenly in it, each interpolated between the two
 * positions beside it; a point below −1 or above `extent` counts as 0, and one outside the positions as the nearest. A point counts
 * only if it does on both axes, and the mean is one over both, so that a bin of the box is the outer product of two of these.
 *
 * @param start where the first bin begins, `size` how long all bins are, in positions
 * @param samples points per bin; 0: ⌈size / bins⌉
 */
export function axisTaps(start: number, size: number, bins: number, samples: number, extent: number): AxisTaps {
  const points = samples > 0 ? samples : Math.max(Math.ceil(size / bins), 0);
  const length = size / bins;
  const starts = new Int32Array(bins + 1);
  const positions: number[] = [];
  const weights: number[] = [];
  const tap = (position: number, weight: number, first: number): void => {
    if (weight === 0) return;
    // Points of a bin are in order, so that one they share is among the last two.
    for (let t = positions.length - 1; t >= Math.max(first, positions.length - 2); t--) {
      if (positions[t] !== position) continue;
      weights[t]! += weight;
      return;
    }
    positions.push(position);
    weights.push(weight);
  };
  for (let bin = 0; bin < bins; bin++) {
    const first = positions.length;
    const begin = start + bin * length;
    // Of a box far larger than the features only the points near them are visited.
    const ends = length === 0 ? [0, points] : [-1, extent].map((edge) => ((edge - begin) / length) * points);
    const last = Math.min(Math.max(...ends) + 1, points);
    for (let k = Math.max(Math.floor(Math.min(...ends)) - 1, 0); k < last; k++) {
      const at = begin + ((k + 0.5) / points) * length;
      if (!(at >= -1 && at <= extent)) continue;
      const inside = Math.min(Math.max(at, 0), extent - 1);
      const low = Math.floor(inside);
      tap(low, (1 - (inside - low)) / points, first);
      if (low + 1 < extent) tap(low + 1, (inside - low) / points, first);
    }
    starts[bin + 1] = positions.length;
  }
  return { starts, positions: Int32Array.from(positions), weights: Float64Array.from(weights) };
}
