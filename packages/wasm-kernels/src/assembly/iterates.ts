import { symmetricProduct } from './panel-products';
import { entryAt, panelBytes, panelsBytes } from './panels';

// Below it a matrix counts as zero: it is divided by this instead of its norm, and no gradient comes back.
export const NORM_FLOOR: f64 = 1e-12;

// Only the upper triangles of products are computed, their mirror images taken for the others. In the coupled iteration that would
// undo what keeps rounding from growing: Z Y must act on the error of Y from one side. So w = W/2, W = A Z², is iterated by itself,
// `T = 3/2 I − w, R = w T, w ← R T`: W → I quadratically whatever its error. Beside it `Z ← T Z` or, of halves, `y ← y T`.

// What is kept of one matrix of side s: its norm (16 bytes), then in panels w₀ … w_{N−1}, R₁ … R_{N−1}, and of the root's own sequence
// number 2 up to N−1, for the inverse root up to N; the first is T₁ of Z, R₁ of y.

/** How many matrices are kept. */
function keptCount(iterations: i32, ofRows: i32): i32 {
  return 2 * iterations - 1 + max(0, iterations - 2) + (ofRows ? 1 : 0);
}

/** Bytes that are kept of one matrix of side s. */
export function newtonSchulzKept(s: i32, iterations: i32, ofRows: i32): usize {
  return 16 + <usize>keptCount(iterations, ofRows) * panelsBytes(s, s);
}

export function wAt(kept: usize, size: usize, k: i32): usize {
  return kept + 16 + <usize>k * size;
}

function rAt(kept: usize, size: usize, iterations: i32, k: i32): usize {
  return kept + 16 + <usize>(iterations + k - 1) * size;
}

/** Number k of the root's sequence; Z₁ is kept if it is the last, else it is T₁, which is not. */
export function rootAt(kept: usize, size: usize, iterations: i32, k: i32): usize {
  return kept + 16 + <usize>(2 * iterations - 1 + max(0, k - 2)) * size;
}

/** `T = 3/2 I − w`. */
export function stepFrom(w: usize, s: i32, to: usize): void {
  combine(w, -1, 0, to, panelsBytes(s, s));
  addToDiagonal(to, s, 1.5);
}

/** `to = factor·a + b` of bytes of numbers; a null b is 0. */
function combine(a: usize, factor: f32, b: usize, to: usize, bytes: usize): void {
  const f = f32x4.splat(factor);
  if (b) {
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(to + at, f32x4.add(f32x4.mul(f, v128.load(a + at)), v128.load(b + at)));
    }
  } else {
    for (let at: usize = 0; at < bytes; at += 16) v128.store(to + at, f32x4.mul(f, v128.load(a + at)));
  }
}

function addToDiagonal(a: usize, s: i32, value: f32): void {
  const step = panelBytes(s);
  for (let i = 0; i < s; ++i) {
    const at = entryAt(a, step, i, i);
    store<f32>(at, load<f32>(at) + value);
  }
}

/** ⟨A, B⟩ of matrices [s,s] in panels, in float64. */
export function inner(a: usize, b: usize, s: i32): f64 {
  const step = panelBytes(s);
  let s0 = f64x2.splat(0);
  let s1 = s0;
  for (let column = 0; column < s; column += 8) {
    for (let at: usize = 0; at < (<usize>s) << 5; at += 16) {
      const v = f32x4.mul(v128.load(a + at), v128.load(b + at));
      s0 = f64x2.add(s0, f64x2.promote_low_f32x4(v));
      s1 = f64x2.add(s1, f64x2.promote_low_f32x4(v128.shuffle<u32>(v, v, 2, 3, 2, 3)));
    }
    a += step;
    b += step;
  }
  const sum = f64x2.add(s0, s1);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

function trace(a: usize, s: i32): f64 {
  const step = panelBytes(s);
  let sum: f64 = 0;
  for (let i = 0; i < s; ++i) sum += <f64>load<f32>(entryAt(a, step, i, i));
  return sum;
}

/** The norm of A [s,s]: its trace or its Frobenius norm. */
function normOf(a: usize, s: i32, frobenius: i32): f64 {
  return frobenius ? Math.sqrt(inner(a, a, s)) : trace(a, s);
}

/** Fills what is kept from a matrix that stands where w₀ comes to stand, as `iterate` does; returns its norm. */
export function normalizeAndIterate(
  kept: usize,
  s: i32,
  iterations: i32,
  frobenius: i32,
  ofRows: i32,
  step: usize,
): f64 {
  const size = panelsBytes(s, s);
  const w = wAt(kept, size, 0);
  const norm = normOf(w, s, frobenius);
  store<f64>(kept, norm);
  combine(w, <f32>(0.5 / max(norm, NORM_FLOOR)), 0, w, size);
  iterate(kept, s, iterations, ofRows, step);
  return norm;
}

/** Fills what is kept from w₀, which is there. Leaves T_N at `step`; for the root y_N = y_{N−1} T_N is left to be computed. */
function iterate(kept: usize, s: i32, iterations: i32, ofRows: i32, step: usize): void {
  const size = panelsBytes(s, s);
  // Z₁ is T₁: needed once more after the next T has taken its place.
  const first = step + size;
  stepFrom(wAt(kept, size, 0), s, step);
  if (ofRows) {
    combine(step, 1, 0, iterations == 1 ? rootAt(kept, size, 1, 1) : first, size);
  }
  for (let k = 1; k < iterations; ++k) {
    const r = rAt(kept, size, iterations, k);
    symmetricProduct(wAt(kept, size, k - 1), step, 0, 0, s, s, 1, r);
    symmetricProduct(r, step, 0, 0, s, s, 1, wAt(kept, size, k));
    if (!ofRows && k > 1) {
      const y = k == 2 ? rAt(kept, size, iterations, 1) : rootAt(kept, size, iterations, k - 1);
      symmetricProduct(y, step, 0, 0, s, s, 1, rootAt(kept, size, iterations, k));
    }
    stepFrom(wAt(kept, size, k), s, step);
    if (ofRows) {
      const z = k == 1 ? first : rootAt(kept, size, iterations, k);
      symmetricProduct(step, z, 0, 0, s, s, 1, rootAt(kept, size, iterations, k + 1));
    }
  }
}

/** y_{N−1}, which times T_N is y_N. */
export function lastHalf(kept: usize, s: i32, iterations: i32): usize {
  const size = panelsBytes(s, s);
  if (iterations == 1) return wAt(kept, size, 0);
  return iterations == 2 ? rAt(kept, size, 2, 1) : rootAt(kept, size, iterations, iterations - 1);
}

/**
 * The gradient with respect to w₀ from the symmetric one with respect to y_N or (`ofRows`) Z_N, which is at `direction`. All iterates
 * are polynomials of w₀, whose derivatives are self-adjoint: it is the derivative in that direction, so that every product is
 * symmetric. Returns where the gradient is. Work: seven matrices.
 */
export function derivative(kept: usize, s: i32, iterations: i32, ofRows: i32, direction: usize, work: usize): usize {
  const size = panelsBytes(s, s);
  let dw = direction;
  let dwNext = work;
  const dt = work + size;
  const dr = work + 2 * size;
  const t = work + 3 * size;
  let root = work + 4 * size;
  let next = work + 5 * size;
  const first = work + 6 * size;
  stepFrom(wAt(kept, size, 0), s, t);
  combine(dw, -1, 0, dt, size);
  if (ofRows) {
    combine(t, 1, 0, first, size);
    combine(dt, 1, 0, root, size);
  } else {
    symmetricProduct(dw, t, wAt(kept, size, 0), dt, s, s, 1, root);
  }
  for (let k = 1; k < iterations; ++k) {
    const r = rAt(kept, size, iterations, k);
    // dy₁ is dR₁.
    let change = dr;
    if (!ofRows && k == 1) change = root;
    else symmetricProduct(dw, t, wAt(kept, size, k - 1), dt, s, s, 1, dr);
    symmetricProduct(change, t, r, dt, s, s, 1, dwNext);
    const old = dw;
    dw = dwNext;
    dwNext = old;
    stepFrom(wAt(kept, size, k), s, t);
    combine(dw, -1, 0, dt, size);
    if (ofRows) {
      const z = k == 1 ? first : rootAt(kept, size, iterations, k);
      symmetricProduct(dt, z, t, root, s, s, 1, next);
    } else {
      const y = k == 1 ? r : rootAt(kept, size, iterations, k);
      symmetricProduct(root, t, y, dt, s, s, 1, next);
    }
    const previous = root;
    root = next;
    next = previous;
  }
  return root;
}

/**
 * `gradient ← sym(gradient)·factor/(2t) + (fromNorm − ⟨gradient, w₀⟩/t)·∂t/∂A`, times `factor`, ∂t/∂A = I or A/t, from the gradient
 * with respect to w₀ = A/(2t); zero where the floor acts.
 */
export function throughNorm(
  gradient: usize,
  half: usize,
  s: i32,
  norm: f64,
  fromNorm: f64,
  frobenius: i32,
  factor: f64,
): void {
  const size = panelsBytes(s, s);
  if (!(norm > NORM_FLOOR)) {
    memory.fill(gradient, 0, size);
    return;
  }
  const along = (fromNorm - inner(gradient, half, s) / norm) * factor;
  if (frobenius) {
    // A/t is 2 w₀. The other half of the product with it goes through the sum's second operand.
    const ratio = (4 * along * norm) / factor;
    combine(half, <f32>ratio, gradient, gradient, size);
    combine(gradient, <f32>(factor / (2 * norm)), 0, gradient, size);
  } else {
    combine(gradient, <f32>(factor / (2 * norm)), 0, gradient, size);
    addToDiagonal(gradient, s, <f32>along);
  }
}
