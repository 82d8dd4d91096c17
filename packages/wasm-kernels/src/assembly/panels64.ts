import { panelKernel64 } from './micro-kernel';
import { transpose4 } from './panels';

// The panels of ./panels in float64: 4 columns each, k rows of 32 bytes, room for k rounded up to 4, zeros beyond.

export function roundUp4(n: i32): i32 {
  return (n + 3) & ~3;
}

/** Bytes from one panel of k rows to the next. */
export function step64(k: i32): usize {
  return (<usize>roundUp4(k)) << 5;
}

/** Bytes of a matrix [k,n] in panels. */
export function bytes64(k: i32, n: i32): usize {
  return (<usize>(roundUp4(k) * roundUp4(n))) << 3;
}

export function entry64(panels: usize, step: usize, k: i32, j: i32): usize {
  return panels + <usize>(j >> 2) * step + ((<usize>k) << 5) + ((<usize>(j & 3)) << 3);
}

/** `C = AᵀB`, symmetric [n,n], of inner length k: the upper triangle of tiles is computed. */
export function symmetricProduct64(a: usize, b: usize, n: i32, k: i32, c: usize): void {
  const from = step64(k);
  const to = step64(n);
  for (let column = 0; column < n; column += 4) {
    const j = (<usize>column) >> 2;
    for (let row = 0; row <= column; row += 4) {
      const i = (<usize>row) >> 2;
      const mirror = row < column ? c + i * to + ((<usize>column) << 5) : 0;
      panelKernel64(a + i * from, b + j * from, k, 0, 0, 0, c + j * to + ((<usize>row) << 5), mirror);
    }
  }
}

/** `C = AᵀB` [m,n], and Cᵀ at `transposed` unless that is 0; inner length k. */
export function product64(a: usize, b: usize, m: i32, n: i32, k: i32, c: usize, transposed: usize): void {
  const from = step64(k);
  const to = step64(m);
  const across = step64(n);
  for (let column = 0; column < n; column += 4) {
    const j = (<usize>column) >> 2;
    for (let row = 0; row < m; row += 4) {
      const i = (<usize>row) >> 2;
      const mirror = transposed ? transposed + i * across + ((<usize>column) << 5) : 0;
      panelKernel64(a + i * from, b + j * from, k, 0, 0, 0, c + j * to + ((<usize>row) << 5), mirror);
    }
  }
}

/** A matrix [k,n] in panels, transposed. */
export function transpose64(panels: usize, k: i32, n: i32, to: usize): void {
  const step = step64(k);
  const across = step64(n);
  for (let column = 0; column < n; column += 4) {
    for (let row = 0; row < k; row += 4) {
      let from = panels + ((<usize>column) >> 2) * step + ((<usize>row) << 5);
      const at = to + ((<usize>row) >> 2) * across + ((<usize>column) << 5);
      for (let i = 0; i < 4; i += 2) {
        const a0 = v128.load(from);
        const a1 = v128.load(from, 16);
        const b0 = v128.load(from, 32);
        const b1 = v128.load(from, 48);
        const out = at + ((<usize>i) << 3);
        v128.store(out, v128.shuffle<f64>(a0, b0, 0, 2));
        v128.store(out, v128.shuffle<f64>(a0, b0, 1, 3), 32);
        v128.store(out, v128.shuffle<f64>(a1, b1, 0, 2), 64);
        v128.store(out, v128.shuffle<f64>(a1, b1, 1, 3), 96);
        from += 64;
      }
    }
  }
}

/** Rows [k,n] of float64 to panels; row i times the number `factors[i]`, or over it. */
export function packScaled64(rows: usize, k: i32, n: i32, factors: usize, divide: bool, to: usize): void {
  const step = step64(k);
  const full = n & ~3;
  if (full < n) memory.fill(to + ((<usize>full) >> 2) * step, 0, step);
  for (let i = 0; i < k; ++i) {
    const number = load<f64>(factors + ((<usize>i) << 3));
    const factor = f64x2.splat(divide ? 1 / number : number);
    let at = to + ((<usize>i) << 5);
    for (let j = 0; j < full; j += 4) {
      v128.store(at, f64x2.mul(factor, v128.load(rows)));
      v128.store(at, f64x2.mul(factor, v128.load(rows, 16)), 16);
      rows += 32;
      at += step;
    }
    for (let j = full; j < n; ++j) {
      store<f64>(at, f64x2.extract_lane(factor, 0) * load<f64>(rows));
      rows += 8;
      at += 8;
    }
  }
}

/** Rows [k,n] of float64 to panels. */
export function pack64(rows: usize, k: i32, n: i32, to: usize): void {
  const step = step64(k);
  const full = n & ~3;
  if (full < n) memory.fill(to + ((<usize>full) >> 2) * step, 0, step);
  for (let i = 0; i < k; ++i) {
    let at = to + ((<usize>i) << 5);
    for (let j = 0; j < full; j += 4) {
      v128.store(at, v128.load(rows));
      v128.store(at, v128.load(rows, 16), 16);
      rows += 32;
      at += step;
    }
    for (let j = full; j < n; ++j) {
      store<f64>(at, load<f64>(rows));
      rows += 8;
      at += 8;
    }
  }
}

/** Panels [k,n] to rows. */
export function unpack64(panels: usize, k: i32, n: i32, rows: usize): void {
  const step = step64(k);
  const full = n & ~3;
  for (let i = 0; i < k; ++i) {
    let at = panels + ((<usize>i) << 5);
    for (let j = 0; j < full; j += 4) {
      v128.store(rows, v128.load(at));
      v128.store(rows, v128.load(at, 16), 16);
      rows += 32;
      at += step;
    }
    for (let j = full; j < n; ++j) {
      store<f64>(rows, load<f64>(at));
      rows += 8;
      at += 8;
    }
  }
}

/** Four neighbouring numbers of float64 in float32. */
export function singles(at: usize): v128 {
  return v128.shuffle<f64>(f32x4.demote_f64x2_zero(v128.load(at)), f32x4.demote_f64x2_zero(v128.load(at, 16)), 0, 2);
}

/** Copies rows×columns numbers of a tile, as float32, to rows that are `line` bytes apart, and transposed to `mirror` unless that is 0. */
export function tileToSingles(tile: usize, rows: i32, columns: i32, to: usize, line: usize, mirror: usize): void {
  if (rows == 4 && columns == 4) {
    const a = singles(tile);
    const b = singles(tile + 32);
    const c = singles(tile + 64);
    const d = singles(tile + 96);
    v128.store(to, a);
    v128.store(to + line, b);
    v128.store(to + 2 * line, c);
    v128.store(to + 3 * line, d);
    if (mirror) transpose4(a, b, c, d, mirror, line);
    return;
  }
  for (let i = 0; i < rows; ++i) {
    for (let j = 0; j < columns; ++j) {
      const value = <f32>load<f64>(tile + ((<usize>i) << 5) + ((<usize>j) << 3));
      store<f32>(to + <usize>i * line + ((<usize>j) << 2), value);
      if (mirror) store<f32>(mirror + <usize>j * line + ((<usize>i) << 2), value);
    }
  }
}

/** The last two of four numbers of float32, in float64. */
export function upperPair(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f64>(v, v, 1, 1));
}
