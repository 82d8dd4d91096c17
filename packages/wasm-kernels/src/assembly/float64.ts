import { multiplyAdd64 } from './micro-kernel';

/** The sum of both lanes. */
function total(sums: v128): f64 {
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}

/** `out += f·x` of n numbers. */
function addScaled(out: usize, x: usize, f: f64, n: i32): void {
  const factors = f64x2.splat(f);
  const pairs = out + ((<usize>(n & ~1)) << 3);
  while (out < pairs) {
    v128.store(out, multiplyAdd64(factors, v128.load(x), v128.load(out)));
    out += 16;
    x += 16;
  }
  if (n & 1) store<f64>(out, load<f64>(out) + f * load<f64>(x));
}

/** The inner product of n numbers each. */
function dot(x: usize, y: usize, n: i32): f64 {
  let even = f64x2.splat(0);
  let odd = f64x2.splat(0);
  const quads = x + ((<usize>(n & ~3)) << 3);
  while (x < quads) {
    even = multiplyAdd64(v128.load(x), v128.load(y), even);
    odd = multiplyAdd64(v128.load(x, 16), v128.load(y, 16), odd);
    x += 32;
    y += 32;
  }
  let sum = total(f64x2.add(even, odd));
  for (let i = n & ~3; i < n; ++i) {
    sum += load<f64>(x) * load<f64>(y);
    x += 8;
    y += 8;
  }
  return sum;
}

/** Four rows of A by two of B, k numbers each: eight sums of pairs, which fit the registers beside their operands. */
function block(a: usize, b: usize, out: usize, n: i32, k: i32): void {
  const step = (<usize>k) << 3;
  const a1 = a + step;
  const a2 = a1 + step;
  const a3 = a2 + step;
  const b1 = b + step;
  let s00 = f64x2.splat(0);
  let s01 = f64x2.splat(0);
  let s10 = f64x2.splat(0);
  let s11 = f64x2.splat(0);
  let s20 = f64x2.splat(0);
  let s21 = f64x2.splat(0);
  let s30 = f64x2.splat(0);
  let s31 = f64x2.splat(0);
  const end = (<usize>(k & ~1)) << 3;
  let at: usize = 0;
  while (at < end) {
    const p = v128.load(b + at);
    const q = v128.load(b1 + at);
    let v = v128.load(a + at);
    s00 = multiplyAdd64(v, p, s00);
    s01 = multiplyAdd64(v, q, s01);
    v = v128.load(a1 + at);
    s10 = multiplyAdd64(v, p, s10);
    s11 = multiplyAdd64(v, q, s11);
    v = v128.load(a2 + at);
    s20 = multiplyAdd64(v, p, s20);
    s21 = multiplyAdd64(v, q, s21);
    v = v128.load(a3 + at);
    s30 = multiplyAdd64(v, p, s30);
    s31 = multiplyAdd64(v, q, s31);
    at += 16;
  }
  if (k & 1) {
    const p = v128.load64_zero(b + at);
    const q = v128.load64_zero(b1 + at);
    let v = v128.load64_zero(a + at);
    s00 = multiplyAdd64(v, p, s00);
    s01 = multiplyAdd64(v, q, s01);
    v = v128.load64_zero(a1 + at);
    s10 = multiplyAdd64(v, p, s10);
    s11 = multiplyAdd64(v, q, s11);
    v = v128.load64_zero(a2 + at);
    s20 = multiplyAdd64(v, p, s20);
    s21 = multiplyAdd64(v, q, s21);
    v = v128.load64_zero(a3 + at);
    s30 = multiplyAdd64(v, p, s30);
    s31 = multiplyAdd64(v, q, s31);
  }
  const row = (<usize>n) << 3;
  store<f64>(out, total(s00));
  store<f64>(out, total(s01), 8);
  store<f64>(out + row, total(s10));
  store<f64>(out + row, total(s11), 8);
  store<f64>(out + 2 * row, total(s20));
  store<f64>(out + 2 * row, total(s21), 8);
  store<f64>(out + 3 * row, total(s30));
  store<f64>(out + 3 * row, total(s31), 8);
}

/** `out[m,n] = A[m,k] · B[n,k]ᵀ` in float64. */
export function timesTransposed64(a: usize, b: usize, out: usize, m: i32, n: i32, k: i32): void {
  const step = (<usize>k) << 3;
  let i = 0;
  for (; i + 4 <= m; i += 4) {
    let j = 0;
    for (; j + 2 <= n; j += 2) block(a, b + <usize>j * step, out + ((<usize>j) << 3), n, k);
    if (j < n) {
      for (let r = 0; r < 4; ++r) {
        store<f64>(out + ((<usize>(r * n + j)) << 3), dot(a + <usize>r * step, b + <usize>j * step, k));
      }
    }
    a += step << 2;
    out += (<usize>n) << 5;
  }
  for (; i < m; ++i) {
    for (let j = 0; j < n; ++j) store<f64>(out + ((<usize>j) << 3), dot(a, b + <usize>j * step, k));
    a += step;
    out += (<usize>n) << 3;
  }
}

function at(vector: usize, i: i32): usize {
  return vector + ((<usize>i) << 3);
}

/**
 * Overwrites a symmetric A [d,d] with Qᵀ such that Qᵀ A Q is tridiagonal: its diagonal, and `off[i]` at (i, i+1). Work: two
 * vectors of d.
 */
function tridiagonalize(a: usize, d: i32, diagonal: usize, off: usize, betas: usize, v: usize, w: usize): void {
  const step = (<usize>d) << 3;
  for (let k = 0; k + 1 < d; ++k) {
    const rest = d - k - 1;
    const column = a + <usize>(k + 1) * step + ((<usize>k) << 3);
    let norm: f64 = 0;
    for (let i = 0; i < rest; ++i) {
      const value = load<f64>(column + <usize>i * step);
      store<f64>(at(v, i), value);
      norm += value * value;
    }
    norm = sqrt(norm);
    const head = load<f64>(v);
    const side = head > 0 ? -norm : norm;
    store<f64>(at(diagonal, k), load<f64>(a + <usize>k * step + ((<usize>k) << 3)));
    store<f64>(at(off, k), side);
    store<f64>(at(betas, k), 0);
    if (norm == 0) continue;
    store<f64>(v, head - side);
    const beta = 1 / (norm * (norm + abs(head)));
    store<f64>(at(betas, k), beta);
    reflectBothSides(a + <usize>(k + 1) * (step + 8), step, rest, v, w, beta);
    for (let i = 0; i < rest; ++i) store<f64>(column + <usize>i * step, load<f64>(at(v, i)));
  }
  if (d > 0) {
    store<f64>(at(diagonal, d - 1), load<f64>(a + <usize>(d - 1) * (step + 8)));
    store<f64>(at(betas, d - 1), 0);
    store<f64>(at(off, d - 1), 0);
  }
  assembleTransposed(a, d, betas, v);
}

/** `A ← (I − β v vᵀ) A (I − β v vᵀ)` on a corner of side n. */
function reflectBothSides(corner: usize, step: usize, n: i32, v: usize, w: usize, beta: f64): void {
  let inner: f64 = 0;
  for (let i = 0; i < n; ++i) {
    const sum = beta * dot(corner + <usize>i * step, v, n);
    store<f64>(at(w, i), sum);
    inner += sum * load<f64>(at(v, i));
  }
  addScaled(w, v, (-beta * inner) / 2, n);
  for (let i = 0; i < n; ++i) {
    const row = corner + <usize>i * step;
    addScaled(row, w, -load<f64>(at(v, i)), n);
    addScaled(row, v, -load<f64>(at(w, i)), n);
  }
}

/** Turns the reflections kept below the diagonal into Qᵀ, from the last one on. */
function assembleTransposed(a: usize, d: i32, betas: usize, v: usize): void {
  const step = (<usize>d) << 3;
  for (let k = d - 1; k >= 0; --k) {
    const n = d - k - 1;
    const row = a + <usize>k * step;
    for (let i = 0; i < n; ++i) {
      const below = row + <usize>(i + 1) * step + ((<usize>k) << 3);
      store<f64>(at(v, i), load<f64>(below));
      store<f64>(below, 0);
      store<f64>(at(row, k + 1 + i), 0);
    }
    store<f64>(at(row, k), 1);
    const beta = load<f64>(at(betas, k));
    if (beta == 0) continue;
    for (let i = 0; i < n; ++i) {
      const corner = row + <usize>(i + 1) * step + ((<usize>(k + 1)) << 3);
      addScaled(corner, v, -beta * dot(corner, v, n), n);
    }
  }
}

/** `(x, y) ← (c·x − s·y, s·x + c·y)` of n numbers each. */
function rotate(x: usize, y: usize, c: f64, s: f64, n: i32): void {
  const cc = f64x2.splat(c);
  const ss = f64x2.splat(s);
  const pairs = x + ((<usize>(n & ~1)) << 3);
  while (x < pairs) {
    const p = v128.load(x);
    const q = v128.load(y);
    v128.store(y, f64x2.add(f64x2.mul(ss, p), f64x2.mul(cc, q)));
    v128.store(x, f64x2.sub(f64x2.mul(cc, p), f64x2.mul(ss, q)));
    x += 16;
    y += 16;
  }
  if (n & 1) {
    const p = load<f64>(x);
    const q = load<f64>(y);
    store<f64>(y, s * p + c * q);
    store<f64>(x, c * p - s * q);
  }
}

/** One implicitly shifted QL step on the block l … m. */
function qlStep(diagonal: usize, off: usize, rows: usize, d: i32, l: i32, m: i32): void {
  const step = (<usize>d) << 3;
  const first = load<f64>(at(off, l));
  const theta = (load<f64>(at(diagonal, l + 1)) - load<f64>(at(diagonal, l))) / (2 * first);
  const root = sqrt(theta * theta + 1);
  let g = load<f64>(at(diagonal, m)) - load<f64>(at(diagonal, l)) + first / (theta + (theta >= 0 ? root : -root));
  let s: f64 = 1;
  let c: f64 = 1;
  let p: f64 = 0;
  for (let i = m - 1; i >= l; --i) {
    const f = s * load<f64>(at(off, i));
    const b = c * load<f64>(at(off, i));
    const r = sqrt(f * f + g * g);
    store<f64>(at(off, i + 1), r);
    if (r == 0) {
      store<f64>(at(diagonal, i + 1), load<f64>(at(diagonal, i + 1)) - p);
      store<f64>(at(off, m), 0);
      return;
    }
    s = f / r;
    c = g / r;
    g = load<f64>(at(diagonal, i + 1)) - p;
    const t = (load<f64>(at(diagonal, i)) - g) * s + 2 * c * b;
    p = s * t;
    store<f64>(at(diagonal, i + 1), g + p);
    g = c * t - b;
    rotate(rows + <usize>i * step, rows + <usize>(i + 1) * step, c, s, d);
  }
  store<f64>(at(diagonal, l), load<f64>(at(diagonal, l)) - p);
  store<f64>(at(off, l), g);
  store<f64>(at(off, m), 0);
}

const MAX_STEPS: i32 = 60;

/**
 * Overwrites a symmetric A [d,d], entries up to 1, with its eigenvectors as rows, in no order; their eigenvalues go to
 * `values`. Householder reduction to tridiagonal form, then QL with implicit shifts. Work: 4 d numbers.
 */
export function symmetricEigen64(a: usize, d: i32, values: usize, work: usize): void {
  const off = work;
  const betas = at(off, d);
  const v = at(betas, d);
  tridiagonalize(a, d, values, off, betas, v, at(v, d));
  let size: f64 = 0;
  for (let l = 0; l < d; ++l) {
    size = max(size, abs(load<f64>(at(values, l))) + abs(load<f64>(at(off, l))));
    const negligible = f64.EPSILON * size;
    for (let count = 0; count < MAX_STEPS; ++count) {
      let m = l;
      while (m + 1 < d && abs(load<f64>(at(off, m))) > negligible) ++m;
      if (m == l) break;
      qlStep(values, off, a, d, l, m);
    }
  }
}
