// A matrix [k,n] in panels: for every 8 columns, k rows of 8 numbers, room for k rounded up to 8, zeros beyond n. A product
// reads both of its sides from it: 4 neighbouring columns of the one (the transposed left side), 8 of the other.

export function roundUp8(n: i32): i32 {
  return (n + 7) & ~7;
}

/** Bytes from one panel of k rows to the next. */
export function panelBytes(k: i32): usize {
  return (<usize>roundUp8(k)) << 5;
}

/** Bytes of a matrix [k,n] in panels. */
export function panelsBytes(k: i32, n: i32): usize {
  return ((<usize>roundUp8(n)) >> 3) * panelBytes(k);
}

/** Where columns r … r+3 begin. */
export function columnsAt(panels: usize, step: usize, r: i32): usize {
  return panels + <usize>(r >> 3) * step + ((<usize>(r & 4)) << 2);
}

/** Writes the 4×4 numbers at `from` transposed to `to`; rows further apart by the steps, in bytes. */
export function transpose4(r0: v128, r1: v128, r2: v128, r3: v128, to: usize, step: usize): void {
  const p = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const q = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const r = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const s = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f64>(p, q, 0, 2));
  v128.store(to + step, v128.shuffle<f64>(p, q, 1, 3));
  v128.store(to + 2 * step, v128.shuffle<f64>(r, s, 0, 2));
  v128.store(to + 3 * step, v128.shuffle<f64>(r, s, 1, 3));
}

/** A row-major n×n matrix plus its transpose, times `scale`, in panels. */
export function packPlusTranspose(g: usize, n: i32, scale: f32, to: usize): void {
  const step = (<usize>n) << 2;
  const panel = panelBytes(n);
  const full = n & ~3;
  const factor = f32x4.splat(scale);
  if (full < roundUp8(n)) memory.fill(to + ((<usize>full) >> 3) * panel, 0, panel);
  for (let i = 0; i < full; i += 4) {
    for (let j = i; j < full; j += 4) {
      const a = g + <usize>i * step + ((<usize>j) << 2);
      const b = g + <usize>j * step + ((<usize>i) << 2);
      const b0 = v128.load(b);
      const b1 = v128.load(b + step);
      const b2 = v128.load(b + 2 * step);
      const b3 = v128.load(b + 3 * step);
      const p = v128.shuffle<f32>(b0, b1, 0, 4, 1, 5);
      const q = v128.shuffle<f32>(b2, b3, 0, 4, 1, 5);
      const r = v128.shuffle<f32>(b0, b1, 2, 6, 3, 7);
      const s = v128.shuffle<f32>(b2, b3, 2, 6, 3, 7);
      const s0 = f32x4.mul(factor, f32x4.add(v128.load(a), v128.shuffle<f64>(p, q, 0, 2)));
      const s1 = f32x4.mul(factor, f32x4.add(v128.load(a + step), v128.shuffle<f64>(p, q, 1, 3)));
      const s2 = f32x4.mul(factor, f32x4.add(v128.load(a + 2 * step), v128.shuffle<f64>(r, s, 0, 2)));
      const s3 = f32x4.mul(factor, f32x4.add(v128.load(a + 3 * step), v128.shuffle<f64>(r, s, 1, 3)));
      const c = columnsAt(to, panel, j) + ((<usize>i) << 5);
      v128.store(c, s0);
      v128.store(c, s1, 32);
      v128.store(c, s2, 64);
      v128.store(c, s3, 96);
      if (i != j) transpose4(s0, s1, s2, s3, columnsAt(to, panel, i) + ((<usize>j) << 5), 32);
    }
  }
  for (let j = full; j < n; ++j) {
    for (let i = 0; i <= j; ++i) {
      const a = load<f32>(g + <usize>i * step + ((<usize>j) << 2));
      const b = load<f32>(g + <usize>j * step + ((<usize>i) << 2));
      const value = scale * (a + b);
      store<f32>(entryAt(to, panel, i, j), value);
      store<f32>(entryAt(to, panel, j, i), value);
    }
  }
}

/** Where the number in row k and column j stands. */
export function entryAt(panels: usize, step: usize, k: i32, j: i32): usize {
  return panels + <usize>(j >> 3) * step + ((<usize>k) << 5) + ((<usize>(j & 7)) << 2);
}

/** Rows of numbers [m,n] less their means (high and low parts, [n] each, with room up to 8; null: none), in panels. */
export function packRows(x: usize, m: i32, n: i32, mean: usize, to: usize): void {
  const step = (<usize>n) << 2;
  const low = (<usize>roundUp8(n)) << 2;
  const none = f32x4.splat(0);
  for (let column = 0; column < n; column += 8) {
    let from = x + ((<usize>column) << 2);
    const means = mean + ((<usize>column) << 2);
    if (column + 8 <= n) {
      const h0 = mean ? v128.load(means) : none;
      const h1 = mean ? v128.load(means, 16) : none;
      const l0 = mean ? v128.load(means + low) : none;
      const l1 = mean ? v128.load(means + low, 16) : none;
      for (let k = 0; k < m; ++k) {
        v128.store(to, f32x4.sub(f32x4.sub(v128.load(from), h0), l0));
        v128.store(to, f32x4.sub(f32x4.sub(v128.load(from, 16), h1), l1), 16);
        from += step;
        to += 32;
      }
    } else {
      for (let k = 0; k < m; ++k) {
        for (let j = 0; j < 8; ++j) {
          const at = (<usize>j) << 2;
          let value: f32 = 0;
          if (column + j < n) {
            value = load<f32>(from + at);
            if (mean) value = value - load<f32>(means + at) - load<f32>(means + low + at);
          }
          store<f32>(to + at, value);
        }
        from += step;
        to += 32;
      }
    }
    const rest = (<usize>(roundUp8(m) - m)) << 5;
    memory.fill(to, 0, rest);
    to += rest;
  }
}

/** A matrix [k,n] in panels, transposed: [n,k] in panels. */
export function transposePanels(panels: usize, k: i32, n: i32, to: usize): void {
  const step = panelBytes(k);
  const across = panelBytes(n);
  const rows = roundUp8(k);
  const columns = roundUp8(n);
  for (let row = 0; row < rows; row += 4) {
    const target = columnsAt(to, across, row);
    for (let column = 0; column < columns; column += 4) {
      const from = columnsAt(panels, step, column) + ((<usize>row) << 5);
      const r0 = v128.load(from);
      const r1 = v128.load(from, 32);
      const r2 = v128.load(from, 64);
      const r3 = v128.load(from, 96);
      transpose4(r0, r1, r2, r3, target + ((<usize>column) << 5), 32);
    }
  }
}

/** Bytes of what `columnMeans` writes. */
export function meansBytes(n: i32): usize {
  return (<usize>roundUp8(n)) << 3;
}

/** Column means of rows [m,n] in float64, as float32 and what that leaves out: two vectors with room up to 8. */
export function columnMeans(x: usize, m: i32, n: i32, mean: usize): void {
  const step = (<usize>n) << 2;
  const low = (<usize>roundUp8(n)) << 2;
  let column = 0;
  for (; column + 4 <= n; column += 4) {
    let s0 = f64x2.splat(0);
    let s1 = s0;
    let from = x + ((<usize>column) << 2);
    for (let k = 0; k < m; ++k) {
      const v = v128.load(from);
      s0 = f64x2.add(s0, f64x2.promote_low_f32x4(v));
      s1 = f64x2.add(s1, f64x2.promote_low_f32x4(v128.shuffle<u32>(v, v, 2, 3, 2, 3)));
      from += step;
    }
    const at = mean + ((<usize>column) << 2);
    storeMean(at, low, f64x2.extract_lane(s0, 0) / <f64>m);
    storeMean(at + 4, low, f64x2.extract_lane(s0, 1) / <f64>m);
    storeMean(at + 8, low, f64x2.extract_lane(s1, 0) / <f64>m);
    storeMean(at + 12, low, f64x2.extract_lane(s1, 1) / <f64>m);
  }
  for (; column < n; ++column) {
    let sum: f64 = 0;
    for (let k = 0; k < m; ++k) sum += <f64>load<f32>(x + <usize>k * step + ((<usize>column) << 2));
    storeMean(mean + ((<usize>column) << 2), low, sum / <f64>m);
  }
}

function storeMean(at: usize, low: usize, mean: f64): void {
  const high = <f32>mean;
  store<f32>(at, high);
  store<f32>(at + low, <f32>(mean - <f64>high));
}
