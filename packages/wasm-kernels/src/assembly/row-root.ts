import {
  derivative,
  inner,
  newtonSchulzKept,
  normalizeAndIterate,
  NORM_FLOOR,
  rootAt,
  throughNorm,
  wAt,
} from './iterates';
import { product, productToRows, symmetricProduct, symmetricProductToRows } from './panel-products';
import { columnMeans, meansBytes, packPlusTranspose, packRows, panelsBytes, transposePanels } from './panels';

// On the side of the rows: scratch holds the spare tile, the means, X̄ by position (`rows`) and by channel (`columns`), W or D by
// position and D by channel, G + Gᵀ, what is kept where it is not asked for, and eight matrices.

/** Bytes of scratch for `rowRootForward` and `rowRootGradient`. */
export function rowRootScratch(m: i32, d: i32, iterations: i32): usize {
  const rows = panelsBytes(m, d);
  const columns = panelsBytes(d, m);
  const own = newtonSchulzKept(m, iterations, 1) + 8 * panelsBytes(m, m);
  return 128 + meansBytes(d) + 2 * rows + 2 * columns + panelsBytes(d, d) + own;
}

/** X̄ of one picture, by position and by channel. */
function centre(x: usize, m: i32, d: i32, centering: i32, scratch: usize): void {
  const mean = scratch + 128;
  const rows = mean + meansBytes(d);
  if (centering) columnMeans(x, m, d, mean);
  packRows(x, m, d, centering ? mean : 0, rows);
  transposePanels(rows, m, d, rows + panelsBytes(m, d));
}

/** From X̄: the norm t of the covariance, and all iterates of K/2, K = X̄X̄ᵀ/(M·t). */
function prepareRows(m: i32, d: i32, iterations: i32, frobenius: i32, kept: usize, columns: usize, step: usize): f64 {
  symmetricProduct(columns, columns, 0, 0, m, d, <f32>(1 / <f64>m), wAt(kept, panelsBytes(m, m), 0));
  return normalizeAndIterate(kept, m, iterations, frobenius, 1, step); // both norms are those of the covariance
}

/** `root = X̄ᵀ Z_N(K) X̄ / (M √t)` [d,d] of `count` pictures [m,d]; what the gradient needs goes to `kept` unless that is 0. */
export function rowRootForward(
  x: usize,
  root: usize,
  kept: usize,
  count: i32,
  m: i32,
  d: i32,
  iterations: i32,
  frobenius: i32,
  centering: i32,
  scratch: usize,
): void {
  const size = panelsBytes(m, m);
  const rows = scratch + 128 + meansBytes(d);
  const columns = rows + panelsBytes(m, d);
  const through = columns + panelsBytes(d, m);
  const own = through + panelsBytes(m, d) + panelsBytes(d, m) + panelsBytes(d, d);
  for (let i = 0; i < count; ++i) {
    const at = kept ? kept : own;
    centre(x, m, d, centering, scratch);
    const step = own + newtonSchulzKept(m, iterations, 1);
    const t = max(prepareRows(m, d, iterations, frobenius, at, columns, step), NORM_FLOOR);
    product(rootAt(at, size, iterations, iterations), rows, m, d, m, 1, through, 0);
    symmetricProductToRows(rows, through, d, m, <f32>(1 / (<f64>m * Math.sqrt(t))), 0, 1, root, scratch);
    x += (<usize>(m * d)) << 2;
    root += (<usize>(d * d)) << 2;
    if (kept) kept += newtonSchulzKept(m, iterations, 1);
  }
}

/**
 * Its gradient with respect to the rows. Those of X̄ G sum to zero where those of X̄ do, so that the mean needs no step of its
 * own. Without `kept` the iterates are computed again.
 */
export function rowRootGradient(
  dy: usize,
  x: usize,
  kept: usize,
  dx: usize,
  count: i32,
  m: i32,
  d: i32,
  iterations: i32,
  frobenius: i32,
  centering: i32,
  scratch: usize,
): void {
  const size = panelsBytes(m, m);
  const rows = scratch + 128 + meansBytes(d);
  const columns = rows + panelsBytes(m, d);
  const doubledRows = columns + panelsBytes(d, m);
  const doubledColumns = doubledRows + panelsBytes(m, d);
  const g = doubledColumns + panelsBytes(d, m);
  const own = g + panelsBytes(d, d);
  const direction = own + newtonSchulzKept(m, iterations, 1);
  for (let i = 0; i < count; ++i) {
    const at = kept ? kept : own;
    centre(x, m, d, centering, scratch);
    if (!kept) prepareRows(m, d, iterations, frobenius, at, columns, direction);
    const norm = load<f64>(at);
    const t = max(norm, NORM_FLOOR);
    const outer = 1 / (<f64>m * Math.sqrt(t));
    const z = rootAt(at, size, iterations, iterations);
    packPlusTranspose(dy, d, 1, g);
    product(columns, g, m, d, d, 1, doubledRows, doubledColumns); // 2 X̄ sym(G)
    symmetricProduct(doubledColumns, columns, 0, 0, m, d, <f32>(outer / 2), direction);
    // C ∝ t^(−1/2) at fixed K: ∂/∂t = −⟨G, C⟩/(2t), and ⟨G, C⟩ = ⟨direction, Z_N⟩.
    const fromNorm = inner(direction, z, m) / (-2 * t);
    const gradient = derivative(at, m, iterations, 1, direction, direction + size);
    // dX = (Z_N D + 2/(M·outer) dK X̄)·outer in one product.
    throughNorm(gradient, wAt(at, size, 0), m, norm, fromNorm, frobenius, 2 / (<f64>m * outer));
    productToRows(z, doubledRows, gradient, rows, m, d, m, <f32>outer, dx, scratch);
    x += (<usize>(m * d)) << 2;
    dx += (<usize>(m * d)) << 2;
    dy += (<usize>(d * d)) << 2;
    if (kept) kept += newtonSchulzKept(m, iterations, 1);
  }
}
