import { entryAt, panelBytes, panelsBytes, symmetricProduct } from './panels';

// Below it a matrix counts as zero: it is divided by this instead of its norm, and no gradient comes back.
export const NORM_FLOOR: f64 = 1e-12;

// What is kept of one matrix of side s: its norm (16 bytes), then in panels y₀ … y_{N−1}, T₁ … T_N, Z₂ … Z_{N−1} (Z₁ is T₁)
// and, on the side of the rows, Z_N. y are the halves of Y, so that T = 3/2 I − Z y.

/** How many matrices are kept. */
function keptCount(iterations: i32, ofRows: i32): i32 {
  return 2 * iterations + max(0, iterations - 2) + (ofRows && iterations > 1 ? 1 : 0);
}

/** Bytes that are kept of one matrix of side s. */
export function newtonSchulzKept(s: i32, iterations: i32, ofRows: i32): usize {
  return 16 + <usize>keptCount(iterations, ofRows) * panelsBytes(s, s);
}

export function yAt(kept: usize, size: usize, k: i32): usize {
  return kept + 16 + <usize>k * size;
}

export function tAt(kept: usize, size: usize, iterations: i32, k: i32): usize {
  return kept + 16 + <usize>(iterations + k - 1) * size;
}

export function zAt(kept: usize, size: usize, iterations: i32, k: i32): usize {
  return k == 1 ? tAt(kept, size, iterations, 1) : kept + 16 + <usize>(2 * iterations + k - 2) * size;
}

/** `to = factor·a + b` of bytes of numbers; a null b is 0. */
export function combine(a: usize, factor: f32, b: usize, to: usize, bytes: usize): void {
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
export function normOf(a: usize, s: i32, frobenius: i32): f64 {
  return frobenius ? Math.sqrt(inner(a, a, s)) : trace(a, s);
}

/** Fills what is kept from y₀, which is there: every y and Z that T_N needs, and Z_N on the side of the rows. */
export function iterate(kept: usize, s: i32, iterations: i32, ofRows: i32): void {
  const size = panelsBytes(s, s);
  const first = tAt(kept, size, iterations, 1);
  combine(yAt(kept, size, 0), -1, 0, first, size);
  addToDiagonal(first, s, 1.5);
  for (let k = 1; k < iterations; ++k) {
    const t = tAt(kept, size, iterations, k);
    const y = yAt(kept, size, k);
    const z = zAt(kept, size, iterations, k);
    const next = tAt(kept, size, iterations, k + 1);
    symmetricProduct(yAt(kept, size, k - 1), t, 0, 0, s, s, 1, y);
    if (k > 1) symmetricProduct(t, zAt(kept, size, iterations, k - 1), 0, 0, s, s, 1, z);
    symmetricProduct(z, y, 0, 0, s, s, -1, next);
    addToDiagonal(next, s, 1.5);
  }
  if (ofRows && iterations > 1) {
    const z = zAt(kept, size, iterations, iterations);
    symmetricProduct(
      tAt(kept, size, iterations, iterations),
      zAt(kept, size, iterations, iterations - 1),
      0,
      0,
      s,
      s,
      1,
      z,
    );
  }
}

/**
 * The gradient with respect to y₀ from the symmetric one with respect to y_N or (`ofRows`) Z_N, which is at `direction`. All iterates
 * are polynomials of y₀, whose derivatives are self-adjoint: it is the derivative in that direction, so that every product is
 * symmetric. Returns where the gradient is. Work: five matrices.
 */
export function derivative(kept: usize, s: i32, iterations: i32, ofRows: i32, direction: usize, work: usize): usize {
  const size = panelsBytes(s, s);
  let dy = direction;
  let dt = work;
  let dz = dt;
  let dyNext = work + size;
  let dzNext = work + 2 * size;
  let dtNext = work + 3 * size;
  const spare = work + 4 * size;
  combine(dy, -1, 0, dt, size);
  for (let k = 1; k < iterations; ++k) {
    const t = tAt(kept, size, iterations, k);
    const y = yAt(kept, size, k);
    const z = zAt(kept, size, iterations, k);
    symmetricProduct(dy, t, yAt(kept, size, k - 1), dt, s, s, 1, dyNext);
    if (k == 1) {
      // dZ₁ is dT₁, which dT₂ must not overwrite.
      dz = dt;
      dt = spare;
    } else {
      symmetricProduct(dt, zAt(kept, size, iterations, k - 1), t, dz, s, s, 1, dzNext);
      const previous = dz;
      dz = dzNext;
      dzNext = previous;
    }
    symmetricProduct(dz, y, z, dyNext, s, s, -1, dtNext);
    const oldY = dy;
    dy = dyNext;
    dyNext = oldY;
    const oldT = dt;
    dt = dtNext;
    dtNext = oldT;
  }
  const t = tAt(kept, size, iterations, iterations);
  if (!ofRows) {
    symmetricProduct(dy, t, yAt(kept, size, iterations - 1), dt, s, s, 1, dyNext);
    return dyNext;
  }
  if (iterations == 1) return dt;
  symmetricProduct(dt, zAt(kept, size, iterations, iterations - 1), t, dz, s, s, 1, dzNext);
  return dzNext;
}

/**
 * `gradient ← sym(gradient)·factor/(2t) + (fromNorm − ⟨gradient, y₀⟩/t)·∂t/∂A`, times `factor`, ∂t/∂A = I or A/t, from the gradient
 * with respect to y₀ = A/(2t); zero where the floor acts.
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
    // A/t is 2 y₀. The other half of the product with it goes through the sum's second operand.
    const ratio = (4 * along * norm) / factor;
    combine(half, <f32>ratio, gradient, gradient, size);
    combine(gradient, <f32>(factor / (2 * norm)), 0, gradient, size);
  } else {
    combine(gradient, <f32>(factor / (2 * norm)), 0, gradient, size);
    addToDiagonal(gradient, s, <f32>along);
  }
}
