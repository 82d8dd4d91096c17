/** How bins of one axis of a box are made of positions: bin b is Σ weights[t]·f[positions[t]], t from starts[b] to starts[b+1] − 1. */
export interface AxisTaps {
  starts: Int32Array;
  positions: Int32Array;
  weights: Float64Array;
}

/** How bins of boxes are made of features, as @covpool/detectors says it: the outer product of the taps of two axes. */
export interface RoiTaps {
  /** Of the features, [B,H,W,C]. */
  shape: readonly [number, number, number, number];
  /** Bins down and right. */
  size: readonly [height: number, width: number];
  /** The picture of each box. */
  pictures: Int32Array;
  rows: AxisTaps[];
  columns: AxisTaps[];
}

/** Weighted links from each of some things to others: those of thing s are starts[s] to starts[s+1] − 1. */
export interface Links {
  starts: Int32Array;
  targets: Int32Array;
  weights: Float32Array;
}

/**
 * From bins to positions: for each box its rows of bins, linked to lines of the batch (`picture·H + y`), then for each box its columns of
 * bins, linked to columns of the features.
 */
export function linksOfBins({ shape, size, pictures, rows, columns }: RoiTaps): Links {
  const axes = [...rows, ...columns];
  const [boxes, lists] = [rows.length, rows.length * size[0] + columns.length * size[1]];
  const count = axes.reduce((sum, { positions }) => sum + positions.length, 0);
  const starts = new Int32Array(lists + 1);
  const targets = new Int32Array(count);
  const weights = new Float32Array(count);
  let [list, first] = [0, 0];
  for (const [index, axis] of axes.entries()) {
    for (let bin = 1; bin < axis.starts.length; bin++) starts[++list] = first + axis.starts[bin]!;
    const line = index < boxes ? pictures[index]! * shape[1] : 0;
    for (let t = 0; t < axis.positions.length; t++) targets[first + t] = line + axis.positions[t]!;
    weights.set(axis.weights, first);
    first += axis.positions.length;
  }
  return { starts, targets, weights };
}

/** Where a box's columns stand among the links of positions. */
export interface ColumnSpans {
  /** For each box the first column that it touches, how many it may, and the thing that the first of them is. */
  spans: Int32Array;
  /** Things there are: lines of the batch, then the columns of all boxes. */
  count: number;
}

/** The same links from positions to bins, in the order of boxes and bins: for each line of the batch, then for each box's columns. */
export function linksOfPositions(taps: RoiTaps, bins: Links): Links & ColumnSpans {
  const { shape, rows, columns } = taps;
  const spans = new Int32Array(3 * columns.length);
  const targets = bins.targets.slice();
  let count = shape[0] * shape[1];
  let at = rows.reduce((sum, { positions }) => sum + positions.length, 0);
  for (const [box, { positions }] of columns.entries()) {
    const low = positions.reduce((a, b) => Math.min(a, b), shape[2]);
    const span = positions.reduce((a, b) => Math.max(a, b + 1 - low), 0);
    spans.set([low, span, count], 3 * box);
    for (const position of positions) targets[at++] = count + position - low;
    count += span;
  }
  return { ...reversed({ ...bins, targets }, count), spans, count };
}

function reversed({ starts, targets, weights }: Links, count: number): Links {
  const back: Links = {
    starts: new Int32Array(count + 1),
    targets: new Int32Array(targets.length),
    weights: new Float32Array(targets.length),
  };
  for (const target of targets) back.starts[target + 1]!++;
  for (let target = 0; target < count; target++) back.starts[target + 1]! += back.starts[target]!;
  const next = back.starts.slice();
  for (let source = 0; source + 1 < starts.length; source++) {
    for (let link = starts[source]!; link < starts[source + 1]!; link++) {
      const place = next[targets[link]!]!++;
      back.targets[place] = source;
      back.weights[place] = weights[link]!;
    }
  }
  return back;
}
