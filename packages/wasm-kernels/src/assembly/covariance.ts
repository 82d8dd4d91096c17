import { productToRows, symmetricProductToRows } from './panel-products';
import { columnMeans, meansBytes, packPlusTranspose, packRows, panelsBytes, transposePanels } from './panels';

// So many positions of 256 channels stay in the second-level cache beside the result.
const POSITIONS: i32 = 192;

/** Bytes of scratch for `covarianceForward` and `covarianceGradient`. */
export function covarianceScratch(m: i32, d: i32): usize {
  const piece = min(m, POSITIONS);
  return 128 + meansBytes(d) + panelsBytes(piece, d) + panelsBytes(d, piece) + panelsBytes(d, d);
}

/** `X̄ᵀX̄/M` [d,d] of `count` pictures [m,d], X̄ their rows, less the mean with `centering`. */
export function covarianceForward(
  x: usize,
  to: usize,
  count: i32,
  m: i32,
  d: i32,
  centering: i32,
  scratch: usize,
): void {
  const step = (<usize>d) << 2;
  for (let i = 0; i < count; ++i) {
    covarianceOf(x, to, m, d, centering, 1, scratch);
    x += <usize>m * step;
    to += <usize>d * step;
  }
}

/** The same of one picture; its upper triangle alone, and whatever the memory held below, without `mirror`. */
export function covarianceOf(x: usize, to: usize, m: i32, d: i32, centering: i32, mirror: i32, scratch: usize): void {
  const mean = scratch + 128;
  const rows = mean + meansBytes(d);
  const step = (<usize>d) << 2;
  const scale = <f32>(1 / <f64>m);
  if (centering) columnMeans(x, m, d, mean);
  for (let from = 0; from < m; from += POSITIONS) {
    const piece = min(POSITIONS, m - from);
    packRows(x + <usize>from * step, piece, d, centering ? mean : 0, rows);
    const last = i32(from + piece == m);
    symmetricProductToRows(rows, rows, d, piece, scale, i32(from > 0), mirror & last, to, scratch);
  }
}

/** Its gradient `X̄ (G + Gᵀ)/M`. The rows of it sum to zero where those of X̄ do, so that the mean needs no step of its own. */
export function covarianceGradient(
  dy: usize,
  x: usize,
  dx: usize,
  count: i32,
  m: i32,
  d: i32,
  centering: i32,
  scratch: usize,
): void {
  const mean = scratch + 128;
  const g = mean + meansBytes(d);
  const rows = g + panelsBytes(d, d);
  const columns = rows + panelsBytes(min(m, POSITIONS), d);
  const step = (<usize>d) << 2;
  for (let i = 0; i < count; ++i) {
    if (centering) columnMeans(x, m, d, mean);
    packPlusTranspose(dy, d, <f32>(1 / <f64>m), g);
    for (let from = 0; from < m; from += POSITIONS) {
      const piece = min(POSITIONS, m - from);
      packRows(x + <usize>from * step, piece, d, centering ? mean : 0, rows);
      transposePanels(rows, piece, d, columns);
      productToRows(columns, g, 0, 0, piece, d, d, 1, dx + <usize>from * step, scratch);
    }
    x += <usize>m * step;
    dx += <usize>m * step;
    dy += <usize>d * step;
  }
}
