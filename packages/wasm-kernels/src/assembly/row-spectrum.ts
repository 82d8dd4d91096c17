import { symmetricEigen64 } from './float64';
import { panelKernel64 } from './micro-kernel';
import { bytes64, entry64, pack64, product64, step64, symmetricProduct64, transpose64, unpack64 } from './panels64';

// Functions of covariances through the eigenvalues of K = X̄X̄ᵀ/M, in float64. The eigenvalues' own function is the caller's: it works
// between the two halves of each direction, which share one work area. Settings are rank, kernel in front, and rank, shift, whether
// there is `across` on the way back, as float64 so that a batch has them at equal steps. Addresses in the work area, with r up to m:
//   rows X̄ by position [m,d] | by channel [d,m] | then forward: K, eigenvectors, values and work, factors, U [m,d];
//   gradient: U [r,d] | Uᵀ | sym(G) | P = U sym(G) | Pᵀ | H | R | along | coordinates | cut.

/** Bytes of work of `rowSpectrum`, `rowFunction` and their gradient. */
export function rowSpectrumWork(m: i32, d: i32): usize {
  const rows = bytes64(m, d);
  const square = bytes64(m, m);
  const forward = 4 * square + ((<usize>(8 * m)) << 3) + 2 * rows;
  const gradient = bytes64(d, d) + 8 * rows + 5 * square;
  return 2 * rows + max(forward, gradient) + 256;
}

/** X̄ in float64: the sums of equal float32 rows are exact, so that these come out as zeros. */
function centredRows(x: usize, m: i32, d: i32, centering: i32, to: usize): void {
  const step = step64(m);
  memory.fill(to, 0, bytes64(m, d));
  for (let j = 0; j < d; ++j) {
    let mean: f64 = 0;
    let from = x + ((<usize>j) << 2);
    const row = (<usize>d) << 2;
    if (centering) {
      for (let k = 0; k < m; ++k) mean += <f64>load<f32>(from + <usize>k * row);
      mean /= <f64>m;
    }
    let at = entry64(to, step, 0, j);
    for (let k = 0; k < m; ++k) {
      store<f64>(at, <f64>load<f32>(from) - mean);
      from += row;
      at += 32;
    }
  }
}

function partsOf(x: usize, m: i32, d: i32, centering: i32, work: usize): usize {
  const rows = bytes64(m, d);
  centredRows(x, m, d, centering, work);
  transpose64(work, m, d, work + rows);
  return work + 2 * rows;
}

/** The eigenvalues of K, in no order, at `values`; the vectors stay in the work area. */
export function rowSpectrum(x: usize, m: i32, d: i32, centering: i32, values: usize, work: usize): void {
  const k = partsOf(x, m, d, centering, work);
  const columns = work + bytes64(m, d);
  const square = bytes64(m, m);
  symmetricProduct64(columns, columns, m, d, k);
  const matrix = k + square;
  unpack64(k, m, m, matrix);
  let largest: f64 = 0;
  for (let i = 0; i < m * m; ++i) largest = max(largest, abs(load<f64>(matrix + ((<usize>i) << 3))));
  const factor = largest > 0 ? 1 / largest : 1;
  for (let i = 0; i < m * m; ++i) {
    const at = matrix + ((<usize>i) << 3);
    store<f64>(at, load<f64>(at) * factor);
  }
  symmetricEigen64(matrix, m, values, matrix + square);
  for (let i = 0; i < m; ++i) {
    const at = values + ((<usize>i) << 3);
    store<f64>(at, load<f64>(at) / factor / <f64>m);
  }
}

/**
 * After `rowSpectrum`: the unit eigenvectors `X̄ᵀv·scale` of the covariance, of those eigenvalues that `order` (int32) names, as rows
 * at `vectors`, and `result = Σ weight·u uᵀ + kernel·I` [d,d] in float32.
 */
export function rowFunction(
  m: i32,
  d: i32,
  settings: usize,
  order: usize,
  scales: usize,
  weights: usize,
  vectors: usize,
  result: usize,
  work: usize,
): void {
  const rank = <i32>load<f64>(settings);
  const kernel = load<f64>(settings, 8);
  const rows = bytes64(m, d);
  const square = bytes64(m, m);
  const k = work + 2 * rows;
  const matrix = k + square;
  const chosen = matrix + square + ((<usize>(8 * m)) << 3);
  const u = chosen + square;
  const weighted = u + rows;
  const chosenStep = step64(m);
  memory.fill(chosen, 0, bytes64(m, rank));
  for (let r = 0; r < rank; ++r) {
    const scale = load<f64>(scales + ((<usize>r) << 3));
    let from = matrix + ((<usize>(load<i32>(order + ((<usize>r) << 2)) * m)) << 3);
    for (let i = 0; i < m; ++i) {
      store<f64>(entry64(chosen, chosenStep, i, r), load<f64>(from) * scale);
      from += 8;
    }
  }
  product64(chosen, work, rank, d, m, u, 0);
  unpack64(u, rank, d, vectors);
  const step = step64(rank);
  for (let panel: usize = 0; panel < bytes64(rank, d); panel += step) {
    for (let r = 0; r < rank; ++r) {
      const factor = f64x2.splat(load<f64>(weights + ((<usize>r) << 3)));
      const at = panel + ((<usize>r) << 5);
      v128.store(weighted + at, f64x2.mul(factor, v128.load(u + at)));
      v128.store(weighted + at, f64x2.mul(factor, v128.load(u + at, 16)), 16);
    }
  }
  // The tiles of the upper triangle, each to float32 and to both of its places.
  const tile = chosen;
  const line = (<usize>d) << 2;
  for (let column = 0; column < d; column += 4) {
    for (let row = 0; row <= column; row += 4) {
      const a = weighted + ((<usize>row) >> 2) * step;
      panelKernel64(a, u + ((<usize>column) >> 2) * step, rank, 0, 0, 0, tile, 0);
      const height = min(4, d - row);
      const width = min(4, d - column);
      for (let i = 0; i < height; ++i) {
        for (let j = 0; j < width; ++j) {
          let value = load<f64>(tile + ((<usize>i) << 5) + ((<usize>j) << 3));
          if (row + i == column + j) value += kernel;
          store<f32>(result + <usize>(row + i) * line + ((<usize>(column + j)) << 2), <f32>value);
          store<f32>(result + <usize>(column + j) * line + ((<usize>(row + i)) << 2), <f32>value);
        }
      }
    }
  }
}

/** The first half of the gradient: `H = U sym(G) Uᵀ` [r,r] as rows at `h`. U [r,d] as rows. */
export function rowFunctionInner(
  x: usize,
  m: i32,
  d: i32,
  centering: i32,
  settings: usize,
  vectors: usize,
  dy: usize,
  h: usize,
  work: usize,
): void {
  const rank = <i32>load<f64>(settings);
  const rows = bytes64(m, d);
  const u = partsOf(x, m, d, centering, work);
  const columns = u + rows;
  const p = columns + rows;
  const turned = p + rows;
  const inner = turned + rows;
  const g = inner + 5 * bytes64(m, m) + 4 * rows;
  pack64(vectors, rank, d, u);
  transpose64(u, rank, d, columns);
  packSymmetricPart(dy, d, g);
  product64(columns, g, rank, d, d, p, turned);
  symmetricProduct64(turned, columns, rank, d, inner);
  unpack64(inner, rank, rank, h);
}

/** `(G + Gᵀ)/2` of float32 rows [d,d]. */
function packSymmetricPart(g: usize, d: i32, to: usize): void {
  const step = step64(d);
  const line = (<usize>d) << 2;
  memory.fill(to + ((<usize>(d & ~3)) >> 2) * step, 0, d & 3 ? step : 0);
  for (let column = 0; column < d; column += 4) {
    const width = min(4, d - column);
    const end = min(column + 4, d);
    for (let i = 0; i < end; ++i) {
      for (let j = column; j < column + width; ++j) {
        const upper = <f64>load<f32>(g + <usize>i * line + ((<usize>j) << 2));
        const value = (upper + <f64>load<f32>(g + <usize>j * line + ((<usize>i) << 2))) / 2;
        store<f64>(entry64(to, step, i, j), value);
        store<f64>(entry64(to, step, j, i), value);
      }
    }
  }
}

/**
 * After `rowFunctionInner`: `dX = (2/M) X̄ dA` in float32, `dA = UᵀN + RᵀU + shift·I`, `N = S U + R`, `R = diag(across)(P − H U)`; S [r,r] as
 * rows; R only if the settings say so.
 */
export function rowFunctionGradient(
  m: i32,
  d: i32,
  settings: usize,
  s: usize,
  across: usize,
  dx: usize,
  work: usize,
): void {
  const rank = <i32>load<f64>(settings);
  const shift = load<f64>(settings, 8);
  const isAcross = load<f64>(settings, 16) != 0;
  const rows = bytes64(m, d);
  const square = bytes64(m, m);
  const byChannel = work + rows;
  const u = work + 2 * rows;
  const columns = u + rows;
  const p = columns + rows;
  const turned = p + rows;
  const inner = turned + rows;
  const packed = inner + square;
  const coordinates = packed + square;
  const cut = coordinates + square;
  const along = cut + 2 * square;
  const rest = along + rows;
  const restTurned = rest + rows;
  pack64(s, rank, rank, packed);
  product64(packed, u, rank, d, rank, along, 0);
  product64(columns, byChannel, rank, m, d, coordinates, 0);
  if (isAcross) {
    product64(inner, u, rank, d, rank, rest, 0);
    const step = step64(rank);
    for (let panel: usize = 0; panel < bytes64(rank, d); panel += step) {
      for (let r = 0; r < rank; ++r) {
        const factor = f64x2.splat(load<f64>(across + ((<usize>r) << 3)));
        for (let half: usize = 0; half < 32; half += 16) {
          const at = panel + ((<usize>r) << 5) + half;
          const value = f64x2.mul(factor, f64x2.sub(v128.load(p + at), v128.load(rest + at)));
          v128.store(rest + at, value);
          v128.store(along + at, f64x2.add(v128.load(along + at), value));
        }
      }
    }
    transpose64(rest, rank, d, restTurned);
    product64(restTurned, byChannel, rank, m, d, cut, 0);
  }
  const tile = turned;
  const step = step64(rank);
  const rowStep = step64(m);
  const length2 = isAcross ? rank : 0;
  const factor = 2 / <f64>m;
  for (let column = 0; column < d; column += 4) {
    const j = (<usize>column) >> 2;
    for (let row = 0; row < m; row += 4) {
      const i = (<usize>row) >> 2;
      panelKernel64(coordinates + i * step, along + j * step, rank, cut + i * step, u + j * step, length2, tile, 0);
      for (let y = row; y < min(row + 4, m); ++y) {
        for (let z = column; z < min(column + 4, d); ++z) {
          const sum = load<f64>(tile + ((<usize>(y - row)) << 5) + ((<usize>(z - column)) << 3));
          const value = factor * (sum + shift * load<f64>(entry64(work, rowStep, y, z)));
          store<f32>(dx + ((<usize>(y * d + z)) << 2), <f32>value);
        }
      }
    }
  }
}
