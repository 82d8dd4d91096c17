import { multiplyAdd64 } from './micro-kernel';

/** The sum of both lanes. */
function total(sums: v128): f64 {
  return f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
}

/** `out += f·x` of n numbers. */
export function addScaled(out: usize, x: usize, f: f64, n: i32): void {
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
export function dot(x: usize, y: usize, n: i32): f64 {
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
