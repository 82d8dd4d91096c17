import { TILE_ROWS, panelKernel } from './micro-kernel';
import { columnsAt, panelBytes } from './panels';

/** Copies rows×columns numbers of a 4×8 tile to `c`, and transposed to `mirror` unless that is 0. */
export function copyPart(
  tile: usize,
  rows: i32,
  columns: i32,
  accumulate: i32,
  c: usize,
  cStep: usize,
  mirror: usize,
): void {
  for (let i = 0; i < rows; ++i) {
    for (let j = 0; j < columns; ++j) {
      const to = c + <usize>i * cStep + ((<usize>j) << 2);
      let value = load<f32>(tile + ((<usize>i) << 5) + ((<usize>j) << 2));
      if (accumulate) value += load<f32>(to);
      store<f32>(to, value);
      if (mirror) store<f32>(mirror + <usize>j * cStep + ((<usize>i) << 2), value);
    }
  }
}

/**
 * `C = scale·(A B + A′ B′)` in panels, symmetric n×n, from symmetric A, B, A′, B′ (or, of inner length k, AᵀB and A′ᵀB′ that
 * sum up to something symmetric): the upper triangle of tiles is computed, the others are mirror images. A null `a2` leaves the
 * second product out.
 */
export function symmetricProduct(
  a1: usize,
  b1: usize,
  a2: usize,
  b2: usize,
  n: i32,
  k: i32,
  scale: f32,
  c: usize,
): void {
  const from = panelBytes(k);
  const to = panelBytes(n);
  const length2 = a2 ? k : 0;
  for (let column = 0; column < n; column += 8) {
    const b = ((<usize>column) >> 3) * from;
    const cPanel = c + ((<usize>column) >> 3) * to;
    const end = min(n, column + 8);
    for (let row = 0; row < end; row += TILE_ROWS) {
      const mirror = row < column ? columnsAt(c, to, row) + ((<usize>column) << 5) : 0;
      panelKernel(
        columnsAt(a1, from, row),
        b1 + b,
        k,
        columnsAt(a2, from, row),
        b2 + b,
        length2,
        scale,
        0,
        cPanel + ((<usize>row) << 5),
        32,
        mirror,
        32,
      );
    }
  }
}

/**
 * `C = scale·AᵀB (+ C)` row-major n×n from panels of inner length k, where the result is symmetric. With `mirror` its lower
 * triangle is written, too. Spare: 128 bytes.
 */
export function symmetricProductToRows(
  a: usize,
  b: usize,
  n: i32,
  k: i32,
  scale: f32,
  accumulate: i32,
  mirror: i32,
  c: usize,
  spare: usize,
): void {
  const from = panelBytes(k);
  const step = (<usize>n) << 2;
  for (let column = 0; column < n; column += 8) {
    const bPanel = b + ((<usize>column) >> 3) * from;
    const columns = min(8, n - column);
    const end = min(n, column + 8);
    for (let row = 0; row < end; row += TILE_ROWS) {
      const at = columnsAt(a, from, row);
      const to = c + <usize>row * step + ((<usize>column) << 2);
      const image = mirror && row < column ? c + <usize>column * step + ((<usize>row) << 2) : 0;
      if (columns == 8 && row + TILE_ROWS <= n) {
        panelKernel(at, bPanel, k, 0, 0, 0, scale, accumulate, to, step, image, step);
      } else {
        panelKernel(at, bPanel, k, 0, 0, 0, scale, 0, spare, 32, 0, 0);
        copyPart(spare, min(TILE_ROWS, n - row), columns, accumulate, to, step, image);
      }
    }
  }
}

/** `C = scale·AᵀB` [m,n] in panels of m rows, and Cᵀ in panels of n rows at `transposed` unless that is 0; inner length k. */
export function product(a: usize, b: usize, m: i32, n: i32, k: i32, scale: f32, c: usize, transposed: usize): void {
  const from = panelBytes(k);
  const to = panelBytes(m);
  const across = panelBytes(n);
  for (let column = 0; column < n; column += 8) {
    const bPanel = b + ((<usize>column) >> 3) * from;
    const cPanel = c + ((<usize>column) >> 3) * to;
    for (let row = 0; row < m; row += TILE_ROWS) {
      const image = transposed ? columnsAt(transposed, across, row) + ((<usize>column) << 5) : 0;
      const at = columnsAt(a, from, row);
      panelKernel(at, bPanel, k, 0, 0, 0, scale, 0, cPanel + ((<usize>row) << 5), 32, image, 32);
    }
  }
}

/** `C = scale·(AᵀB + A′ᵀB′)` [m,n] row-major from panels of inner length k; a null `a2` leaves the second out. Spare: 128 bytes. */
export function productToRows(
  a1: usize,
  b1: usize,
  a2: usize,
  b2: usize,
  m: i32,
  n: i32,
  k: i32,
  scale: f32,
  c: usize,
  spare: usize,
): void {
  const from = panelBytes(k);
  const step = (<usize>n) << 2;
  const length2 = a2 ? k : 0;
  for (let column = 0; column < n; column += 8) {
    const panel = ((<usize>column) >> 3) * from;
    const columns = min(8, n - column);
    for (let row = 0; row < m; row += TILE_ROWS) {
      const left1 = columnsAt(a1, from, row);
      const left2 = columnsAt(a2, from, row);
      const to = c + <usize>row * step + ((<usize>column) << 2);
      if (columns == 8 && row + TILE_ROWS <= m) {
        panelKernel(left1, b1 + panel, k, left2, b2 + panel, length2, scale, 0, to, step, 0, 0);
      } else {
        panelKernel(left1, b1 + panel, k, left2, b2 + panel, length2, scale, 0, spare, 32, 0, 0);
        copyPart(spare, min(TILE_ROWS, m - row), columns, 0, to, step, 0);
      }
    }
  }
}
