import { panelKernel64 } from './micro-kernel';

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

/** Rows [k,n] of float64 to panels. */
export function pack64(rows: usize, k: i32, n: i32, to: usize): void {
  const step = step64(k);
  memory.fill(to, 0, bytes64(k, n));
  for (let i = 0; i < k; ++i) {
    for (let j = 0; j < n; ++j) {
      store<f64>(entry64(to, step, i, j), load<f64>(rows));
      rows += 8;
    }
  }
}

/** Panels [k,n] to rows. */
export function unpack64(panels: usize, k: i32, n: i32, rows: usize): void {
  const step = step64(k);
  for (let i = 0; i < k; ++i) {
    for (let j = 0; j < n; ++j) {
      store<f64>(rows, load<f64>(entry64(panels, step, i, j)));
      rows += 8;
    }
  }
}
