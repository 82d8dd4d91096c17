import { panelKernel64 } from './micro-kernel';
import {
  bytes64,
  entry64,
  packScaled64,
  product64,
  step64,
  symmetricProduct64,
  tileToSingles,
  transpose64,
  unpack64,
  upperPair,
} from './panels64';
import { symmetricEigen64 } from './symmetric-eigen64';

// Functions of covariances through the eigenvalues of K = X̄X̄ᵀ/M, in float64. The eigenvalues' own function is the caller's: it works
// between the two halves of each direction. What the second half needs of the first is the caller's to keep, picture by picture;
// the scratch is for one call. Settings are float64.

/** Bytes of scratch of `rowSpectrum` and `rowFunction`. */
export function rowSpectrumScratch(m: i32, d: i32): usize {
  return 2 * bytes64(m, d) + 2 * bytes64(m, m) + ((<usize>(8 * m)) << 3) + 128;
}

/** X̄ in float64, in panels [m,d]. The sums of equal float32 rows are exact, so that these come out as zeros. */
export function centredRows(x: usize, m: i32, d: i32, centering: i32, to: usize): void {
  const step = step64(m);
  const line = (<usize>d) << 2;
  const full = d & ~3;
  for (let j = 0; j < full; j += 4) {
    let low = f64x2.splat(0);
    let high = f64x2.splat(0);
    const top = x + ((<usize>j) << 2);
    let from = top;
    if (centering) {
      for (let k = 0; k < m; ++k) {
        const row = v128.load(from);
        low = f64x2.add(low, f64x2.promote_low_f32x4(row));
        high = f64x2.add(high, upperPair(row));
        from += line;
      }
      low = f64x2.div(low, f64x2.splat(<f64>m));
      high = f64x2.div(high, f64x2.splat(<f64>m));
    }
    from = top;
    let at = to + ((<usize>j) >> 2) * step;
    for (let k = 0; k < m; ++k) {
      const row = v128.load(from);
      v128.store(at, f64x2.sub(f64x2.promote_low_f32x4(row), low));
      v128.store(at, f64x2.sub(upperPair(row), high), 16);
      from += line;
      at += 32;
    }
  }
  if (full < d) memory.fill(to + ((<usize>full) >> 2) * step, 0, step);
  for (let j = full; j < d; ++j) {
    let mean: f64 = 0;
    const top = x + ((<usize>j) << 2);
    if (centering) {
      for (let k = 0; k < m; ++k) mean += <f64>load<f32>(top + <usize>k * line);
      mean /= <f64>m;
    }
    let at = entry64(to, step, 0, j);
    for (let k = 0; k < m; ++k) {
      store<f64>(at, <f64>load<f32>(top + <usize>k * line) - mean);
      at += 32;
    }
  }
}

/** X̄ to `rows`, in panels [m,d]; the eigenvalues of K, in no order, to `values`, its eigenvectors, as rows, to `vectors`. */
export function rowSpectrum(
  x: usize,
  m: i32,
  d: i32,
  centering: i32,
  rows: usize,
  values: usize,
  vectors: usize,
  scratch: usize,
): void {
  const columns = scratch;
  const k = columns + bytes64(m, d);
  centredRows(x, m, d, centering, rows);
  transpose64(rows, m, d, columns);
  symmetricProduct64(columns, columns, m, d, k);
  unpack64(k, m, m, vectors);
  let largest: f64 = 0;
  for (let i = 0; i < m * m; ++i) largest = max(largest, abs(load<f64>(vectors + ((<usize>i) << 3))));
  const factor = largest > 0 ? 1 / largest : 1;
  for (let i = 0; i < m * m; ++i) {
    const at = vectors + ((<usize>i) << 3);
    store<f64>(at, load<f64>(at) * factor);
  }
  symmetricEigen64(vectors, m, values, k + bytes64(m, m));
  for (let i = 0; i < m; ++i) {
    const at = values + ((<usize>i) << 3);
    store<f64>(at, load<f64>(at) / factor / <f64>m);
  }
}

/**
 * `U = diag(scales) V X̄` [rank,d], the unit eigenvectors of the covariance, in panels, and Uᵀ at `transposed` unless that is 0; V has
 * those of K as rows. Scratch: two matrices [m,m] in panels.
 */
export function turnedVectors(
  vectors: usize,
  scales: usize,
  rows: usize,
  m: i32,
  d: i32,
  rank: i32,
  u: usize,
  transposed: usize,
  scratch: usize,
): void {
  const columns = scratch + bytes64(m, m);
  packScaled64(vectors, rank, m, scales, false, scratch);
  transpose64(scratch, rank, m, columns);
  product64(columns, rows, rank, d, m, u, transposed);
}

/**
 * After `rowSpectrum`: `result = Σ weight·u uᵀ + kernel·I` [d,d] in float32. Settings are rank and kernel; `order` (int32) names all
 * eigenvectors, those that count first: they go to `kept` [m,m] in this order. Of the weights and scales there are `rank`.
 */
export function rowFunction(
  m: i32,
  d: i32,
  settings: usize,
  order: usize,
  scales: usize,
  weights: usize,
  rows: usize,
  vectors: usize,
  kept: usize,
  result: usize,
  scratch: usize,
): void {
  const rank = <i32>load<f64>(settings);
  const kernel = load<f64>(settings, 8);
  const line = (<usize>m) << 3;
  for (let r = 0; r < m; ++r) {
    memory.copy(kept + <usize>r * line, vectors + <usize>load<i32>(order + ((<usize>r) << 2)) * line, line);
  }
  const u = scratch;
  const weighted = u + bytes64(m, d);
  const spare = weighted + bytes64(m, d);
  turnedVectors(kept, scales, rows, m, d, rank, u, 0, spare);
  const step = step64(rank);
  const end = bytes64(rank, d);
  for (let panel: usize = 0; panel < end; panel += step) {
    let at = panel;
    for (let r = 0; r < rank; ++r) {
      const factor = v128.load64_splat(weights + ((<usize>r) << 3));
      v128.store(weighted + at, f64x2.mul(factor, v128.load(u + at)));
      v128.store(weighted + at, f64x2.mul(factor, v128.load(u + at, 16)), 16);
      at += 32;
    }
  }
  // The tiles of the upper triangle, each to float32 and to both of its places.
  const tile = spare;
  const across = (<usize>d) << 2;
  for (let column = 0; column < d; column += 4) {
    const b = u + ((<usize>column) >> 2) * step;
    const width = min(4, d - column);
    for (let row = 0; row <= column; row += 4) {
      panelKernel64(weighted + ((<usize>row) >> 2) * step, b, rank, 0, 0, 0, tile, 0);
      const to = result + <usize>row * across + ((<usize>column) << 2);
      if (row < column) {
        tileToSingles(tile, 4, width, to, across, result + <usize>column * across + ((<usize>row) << 2));
      } else {
        for (let i: usize = 0; i < 4; ++i) store<f64>(tile + i * 40, load<f64>(tile + i * 40) + kernel);
        tileToSingles(tile, width, width, to, across, 0);
      }
    }
  }
}
