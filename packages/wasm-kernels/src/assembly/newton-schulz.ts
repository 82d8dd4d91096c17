import {
  derivative,
  inner,
  lastHalf,
  newtonSchulzKept,
  normalizeAndIterate,
  NORM_FLOOR,
  stepFrom,
  throughNorm,
  wAt,
} from './iterates';
import { symmetricProduct, symmetricProductToRows } from './panel-products';
import { packPlusTranspose, panelBytes, panelsBytes } from './panels';

/** Bytes of scratch for `newtonSchulzForward` and `newtonSchulzGradient`. */
export function newtonSchulzScratch(d: i32, iterations: i32): usize {
  return 128 + newtonSchulzKept(d, iterations, 0) + 8 * panelsBytes(d, d);
}

/** All iterates of A/(2t) and, at `step`, T_N; the norm t. */
function prepareMatrix(a: usize, d: i32, iterations: i32, frobenius: i32, kept: usize, step: usize): f64 {
  packPlusTranspose(a, d, 0.5, wAt(kept, panelsBytes(d, d), 0));
  return normalizeAndIterate(kept, d, iterations, frobenius, 0, step);
}

/** `root = √t Y_N(A/t)` of `count` symmetric matrices [d,d]; what the gradient needs goes to `kept` unless that is 0. */
export function newtonSchulzForward(
  a: usize,
  root: usize,
  kept: usize,
  count: i32,
  d: i32,
  iterations: i32,
  frobenius: i32,
  scratch: usize,
): void {
  const bytes = (<usize>(d * d)) << 2;
  const step = scratch + 128 + newtonSchulzKept(d, iterations, 0);
  for (let i = 0; i < count; ++i) {
    const at = kept ? kept : scratch + 128;
    const scale = 2 * Math.sqrt(max(prepareMatrix(a, d, iterations, frobenius, at, step), NORM_FLOOR));
    symmetricProductToRows(lastHalf(at, d, iterations), step, d, d, <f32>scale, 0, 1, root, scratch);
    a += bytes;
    root += bytes;
    if (kept) kept += newtonSchulzKept(d, iterations, 0);
  }
}

/** Its gradient, symmetric, from that of the root; without `kept` the iterates are computed again. */
export function newtonSchulzGradient(
  dy: usize,
  a: usize,
  kept: usize,
  da: usize,
  count: i32,
  d: i32,
  iterations: i32,
  frobenius: i32,
  scratch: usize,
): void {
  const bytes = (<usize>(d * d)) << 2;
  const size = panelsBytes(d, d);
  const own = scratch + 128;
  const direction = own + newtonSchulzKept(d, iterations, 0);
  for (let i = 0; i < count; ++i) {
    const at = kept ? kept : own;
    if (!kept) prepareMatrix(a, d, iterations, frobenius, at, direction);
    const norm = load<f64>(at);
    const t = max(norm, NORM_FLOOR);
    packPlusTranspose(dy, d, <f32>Math.sqrt(t), direction);
    // C ∝ √t at fixed A/t: ∂/∂t = ⟨G, C⟩/(2t), C = 2 √t y_N.
    const y = direction + size;
    const last = y + size;
    stepFrom(wAt(at, size, iterations - 1), d, last);
    symmetricProduct(lastHalf(at, d, iterations), last, 0, 0, d, d, 1, y);
    const fromNorm = inner(direction, y, d) / (2 * t);
    const gradient = derivative(at, d, iterations, 0, direction, direction + size);
    throughNorm(gradient, wAt(at, size, 0), d, norm, fromNorm, frobenius, 1);
    unpack(gradient, d, da);
    a += bytes;
    dy += bytes;
    da += bytes;
    if (kept) kept += newtonSchulzKept(d, iterations, 0);
  }
}

/** A matrix [d,d] in panels to row-major. */
function unpack(panels: usize, d: i32, to: usize): void {
  const step = (<usize>d) << 2;
  const panel = panelBytes(d);
  for (let column = 0; column < d; column += 8) {
    const bytes = (<usize>min(8, d - column)) << 2;
    let from = panels + ((<usize>column) >> 3) * panel;
    let at = to + ((<usize>column) << 2);
    for (let i = 0; i < d; ++i) {
      if (bytes == 32) {
        v128.store(at, v128.load(from));
        v128.store(at, v128.load(from, 16), 16);
      } else {
        for (let j: usize = 0; j < bytes; j += 4) store<f32>(at + j, load<f32>(from + j));
      }
      from += 32;
      at += step;
    }
  }
}
