import { addScaled, dot } from './float64';
import { multiplyAdd64 } from './micro-kernel';

function at(vector: usize, i: i32): usize {
  return vector + ((<usize>i) << 3);
}

/** `beta` times the inner products of four rows, `step` bytes apart, with v, to `out`. */
function dot4(row: usize, step: usize, v: usize, n: i32, beta: f64, out: usize): void {
  const r1 = row + step;
  const r2 = r1 + step;
  const r3 = r2 + step;
  let s0 = f64x2.splat(0);
  let s1 = f64x2.splat(0);
  let s2 = f64x2.splat(0);
  let s3 = f64x2.splat(0);
  let t0 = f64x2.splat(0);
  let t1 = f64x2.splat(0);
  let t2 = f64x2.splat(0);
  let t3 = f64x2.splat(0);
  const end = (<usize>(n & ~3)) << 3;
  let i: usize = 0;
  while (i < end) {
    let x = v128.load(v + i);
    s0 = multiplyAdd64(x, v128.load(row + i), s0);
    s1 = multiplyAdd64(x, v128.load(r1 + i), s1);
    s2 = multiplyAdd64(x, v128.load(r2 + i), s2);
    s3 = multiplyAdd64(x, v128.load(r3 + i), s3);
    x = v128.load(v + i, 16);
    t0 = multiplyAdd64(x, v128.load(row + i, 16), t0);
    t1 = multiplyAdd64(x, v128.load(r1 + i, 16), t1);
    t2 = multiplyAdd64(x, v128.load(r2 + i, 16), t2);
    t3 = multiplyAdd64(x, v128.load(r3 + i, 16), t3);
    i += 32;
  }
  const all = (<usize>n) << 3;
  while (i < all) {
    const x = v128.load64_zero(v + i);
    s0 = multiplyAdd64(x, v128.load64_zero(row + i), s0);
    s1 = multiplyAdd64(x, v128.load64_zero(r1 + i), s1);
    s2 = multiplyAdd64(x, v128.load64_zero(r2 + i), s2);
    s3 = multiplyAdd64(x, v128.load64_zero(r3 + i), s3);
    i += 8;
  }
  const factor = f64x2.splat(beta);
  s0 = f64x2.add(s0, t0);
  s1 = f64x2.add(s1, t1);
  s2 = f64x2.add(s2, t2);
  s3 = f64x2.add(s3, t3);
  const low = f64x2.add(v128.shuffle<f64>(s0, s1, 0, 2), v128.shuffle<f64>(s0, s1, 1, 3));
  const high = f64x2.add(v128.shuffle<f64>(s2, s3, 0, 2), v128.shuffle<f64>(s2, s3, 1, 3));
  v128.store(out, f64x2.mul(factor, low));
  v128.store(out, f64x2.mul(factor, high), 16);
}

/** `out = beta·A v` of n rows. */
function timesVector(a: usize, step: usize, v: usize, n: i32, beta: f64, out: usize): void {
  let i = 0;
  for (; i + 4 <= n; i += 4) {
    dot4(a, step, v, n, beta, at(out, i));
    a += step << 2;
  }
  for (; i < n; ++i) {
    store<f64>(at(out, i), beta * dot(a, v, n));
    a += step;
  }
}

/**
 * Overwrites a symmetric A [d,d] with Qᵀ such that Qᵀ A Q is tridiagonal: its diagonal, and `off[i]` at (i, i+1). Work: two
 * vectors of d.
 */
function tridiagonalize(a: usize, d: i32, diagonal: usize, off: usize, betas: usize, v: usize, w: usize): void {
  const step = (<usize>d) << 3;
  for (let k = 0; k + 1 < d; ++k) {
    const rest = d - k - 1;
    const row = a + <usize>k * (step + 8);
    const bytes = (<usize>rest) << 3;
    memory.copy(v, row + 8, bytes);
    const norm = sqrt(dot(v, v, rest));
    const head = load<f64>(v);
    const side = head > 0 ? -norm : norm;
    store<f64>(at(diagonal, k), load<f64>(row));
    store<f64>(at(off, k), side);
    store<f64>(at(betas, k), 0);
    if (norm == 0) continue;
    store<f64>(v, head - side);
    const beta = 1 / (norm * (norm + abs(head)));
    store<f64>(at(betas, k), beta);
    reflectBothSides(row + step + 8, step, rest, v, w, beta);
    memory.copy(row + 8, v, bytes);
  }
  if (d > 0) {
    store<f64>(at(diagonal, d - 1), load<f64>(a + <usize>(d - 1) * (step + 8)));
    store<f64>(at(betas, d - 1), 0);
    store<f64>(at(off, d - 1), 0);
  }
  assembleTransposed(a, d, betas, v, w);
}

/** `A ← (I − β v vᵀ) A (I − β v vᵀ)` on a corner of side n. */
function reflectBothSides(corner: usize, step: usize, n: i32, v: usize, w: usize, beta: f64): void {
  timesVector(corner, step, v, n, beta, w);
  addScaled(w, v, (-beta * dot(w, v, n)) / 2, n);
  const pairs = (<usize>(n & ~1)) << 3;
  for (let i = 0; i < n; ++i) {
    const ofV = -load<f64>(at(w, i));
    const ofW = -load<f64>(at(v, i));
    const vs = f64x2.splat(ofV);
    const ws = f64x2.splat(ofW);
    for (let j: usize = 0; j < pairs; j += 16) {
      const sum = multiplyAdd64(ws, v128.load(w + j), v128.load(corner + j));
      v128.store(corner + j, multiplyAdd64(vs, v128.load(v + j), sum));
    }
    if (n & 1) {
      const last = corner + pairs;
      store<f64>(last, load<f64>(last) + ofW * load<f64>(w + pairs) + ofV * load<f64>(v + pairs));
    }
    corner += step;
  }
}

/** Turns the reflections kept to the right of the diagonal into Qᵀ, from the last one on. */
function assembleTransposed(a: usize, d: i32, betas: usize, v: usize, w: usize): void {
  const step = (<usize>d) << 3;
  for (let k = d - 1; k >= 0; --k) {
    const n = d - k - 1;
    const row = a + <usize>k * (step + 8);
    const bytes = (<usize>n) << 3;
    memory.copy(v, row + 8, bytes);
    memory.fill(row + 8, 0, bytes);
    store<f64>(row, 1);
    let corner = row + step;
    for (let i = 0; i < n; ++i) {
      store<f64>(corner, 0);
      corner += step;
    }
    const beta = load<f64>(at(betas, k));
    if (beta == 0) continue;
    corner = row + step + 8;
    timesVector(corner, step, v, n, -beta, w);
    for (let i = 0; i < n; ++i) {
      addScaled(corner, v, load<f64>(at(w, i)), n);
      corner += step;
    }
  }
}

/**
 * `(row i, row i+1) ← (c·row i − s·row i+1, s·row i + c·row i+1)` for i from `high` − 1 down to `low`, with the pair c, s at `rotations` + 16 i.
 * Eight columns at a time: what goes on to the next rotation stays in registers.
 */
function rotateRows(rows: usize, d: i32, low: i32, high: i32, rotations: usize): void {
  const step = (<usize>d) << 3;
  const last = rotations + ((<usize>low) << 4);
  const first = rotations + ((<usize>high) << 4);
  const top = rows + <usize>high * step;
  let j = 0;
  for (; j + 8 <= d; j += 8) {
    let y = top + ((<usize>j) << 3);
    let y0 = v128.load(y);
    let y1 = v128.load(y, 16);
    let y2 = v128.load(y, 32);
    let y3 = v128.load(y, 48);
    let rotation = first;
    while (rotation > last) {
      rotation -= 16;
      const c = v128.load64_splat(rotation);
      const s = v128.load64_splat(rotation, 8);
      const minus = f64x2.neg(s);
      const x = y - step;
      const x0 = v128.load(x);
      v128.store(y, multiplyAdd64(s, x0, f64x2.mul(c, y0)));
      y0 = multiplyAdd64(minus, y0, f64x2.mul(c, x0));
      const x1 = v128.load(x, 16);
      v128.store(y, multiplyAdd64(s, x1, f64x2.mul(c, y1)), 16);
      y1 = multiplyAdd64(minus, y1, f64x2.mul(c, x1));
      const x2 = v128.load(x, 32);
      v128.store(y, multiplyAdd64(s, x2, f64x2.mul(c, y2)), 32);
      y2 = multiplyAdd64(minus, y2, f64x2.mul(c, x2));
      const x3 = v128.load(x, 48);
      v128.store(y, multiplyAdd64(s, x3, f64x2.mul(c, y3)), 48);
      y3 = multiplyAdd64(minus, y3, f64x2.mul(c, x3));
      y = x;
    }
    v128.store(y, y0);
    v128.store(y, y1, 16);
    v128.store(y, y2, 32);
    v128.store(y, y3, 48);
  }
  for (; j + 2 <= d; j += 2) {
    let y = top + ((<usize>j) << 3);
    let y0 = v128.load(y);
    for (let rotation = first; rotation > last; ) {
      rotation -= 16;
      const c = v128.load64_splat(rotation);
      const s = v128.load64_splat(rotation, 8);
      const x0 = v128.load(y - step);
      v128.store(y, multiplyAdd64(s, x0, f64x2.mul(c, y0)));
      y0 = multiplyAdd64(f64x2.neg(s), y0, f64x2.mul(c, x0));
      y -= step;
    }
    v128.store(y, y0);
  }
  if (j < d) {
    let y = top + ((<usize>j) << 3);
    let y0 = load<f64>(y);
    for (let rotation = first; rotation > last; ) {
      rotation -= 16;
      const c = load<f64>(rotation);
      const s = load<f64>(rotation, 8);
      const x0 = load<f64>(y - step);
      store<f64>(y, s * x0 + c * y0);
      y0 = c * x0 - s * y0;
      y -= step;
    }
    store<f64>(y, y0);
  }
}

/** One implicitly shifted QL step on the block l … m; its rotations go to `rotations`. */
function qlStep(diagonal: usize, off: usize, rows: usize, d: i32, l: i32, m: i32, rotations: usize): void {
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
      rotateRows(rows, d, i + 1, m, rotations);
      return;
    }
    s = f / r;
    c = g / r;
    const rotation = rotations + ((<usize>i) << 4);
    store<f64>(rotation, c);
    store<f64>(rotation, s, 8);
    g = load<f64>(at(diagonal, i + 1)) - p;
    const t = (load<f64>(at(diagonal, i)) - g) * s + 2 * c * b;
    p = s * t;
    store<f64>(at(diagonal, i + 1), g + p);
    g = c * t - b;
  }
  store<f64>(at(diagonal, l), load<f64>(at(diagonal, l)) - p);
  store<f64>(at(off, l), g);
  store<f64>(at(off, m), 0);
  rotateRows(rows, d, l, m, rotations);
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
      qlStep(values, off, a, d, l, m, betas);
    }
  }
}
