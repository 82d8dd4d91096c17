import { panelKernel64 } from './micro-kernel';
import {
  bytes64,
  entry64,
  pack64,
  packScaled64,
  product64,
  step64,
  symmetricProduct64,
  tileToSingles,
  transpose64,
  unpack64,
  upperPair,
} from './panels64';
import { centredRows, turnedVectors } from './row-spectrum';

// The way back of ./row-spectrum: `dX = (2/M) X̄ dA`, `dA = UᵀN + RᵀU + shift·I`, `N = S U + R`, `R = diag(across)(P − H U)`, P = U sym(G), H = P Uᵀ.
// Of X̄, the part along the eigenvectors that count is Z U, Z = Vᵀ diag(1/scale), and R has none along U. So, with Y = V′X̄ of the other
// eigenvectors V′ of K, `X̄ dA = (Z (S − diag(across) H) + (diag(across) P Yᵀ V′)ᵀ) U + Z diag(across) P + shift·X̄`.

/** Bytes of scratch of `rowFunctionInner` and `rowFunctionGradient`. */
export function rowGradientScratch(m: i32, d: i32): usize {
  const inner = 4 * bytes64(m, d) + 2 * bytes64(m, m) + step64(d);
  const outer = 5 * bytes64(m, m);
  return max(inner, outer) + 128;
}

/** Columns j … j+3 of `(G + Gᵀ)/2`, G of float32 rows [d,d], as a panel. */
function symmetricColumns(g: usize, d: i32, j: i32, to: usize): void {
  const line = (<usize>d) << 2;
  const width = min(4, d - j);
  const across = g + <usize>j * line;
  const down = g + ((<usize>j) << 2);
  const half = f64x2.splat(0.5);
  let i = 0;
  if (width == 4) {
    for (; i + 4 <= d; i += 4) {
      let from = across + ((<usize>i) << 2);
      const a = v128.load(from);
      const b = v128.load(from + line);
      const c = v128.load(from + 2 * line);
      const e = v128.load(from + 3 * line);
      const p = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
      const q = v128.shuffle<f32>(c, e, 0, 4, 1, 5);
      const r = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const s = v128.shuffle<f32>(c, e, 2, 6, 3, 7);
      from = down + <usize>i * line;
      const at = to + ((<usize>i) << 5);
      let own = v128.load(from);
      v128.store(at, f64x2.mul(half, f64x2.add(f64x2.promote_low_f32x4(own), f64x2.promote_low_f32x4(p))));
      v128.store(at, f64x2.mul(half, f64x2.add(upperPair(own), f64x2.promote_low_f32x4(q))), 16);
      own = v128.load(from + line);
      v128.store(at, f64x2.mul(half, f64x2.add(f64x2.promote_low_f32x4(own), upperPair(p))), 32);
      v128.store(at, f64x2.mul(half, f64x2.add(upperPair(own), upperPair(q))), 48);
      own = v128.load(from + 2 * line);
      v128.store(at, f64x2.mul(half, f64x2.add(f64x2.promote_low_f32x4(own), f64x2.promote_low_f32x4(r))), 64);
      v128.store(at, f64x2.mul(half, f64x2.add(upperPair(own), f64x2.promote_low_f32x4(s))), 80);
      own = v128.load(from + 3 * line);
      v128.store(at, f64x2.mul(half, f64x2.add(f64x2.promote_low_f32x4(own), upperPair(r))), 96);
      v128.store(at, f64x2.mul(half, f64x2.add(upperPair(own), upperPair(s))), 112);
    }
  } else {
    memory.fill(to, 0, step64(d));
  }
  for (; i < d; ++i) {
    for (let t = 0; t < width; ++t) {
      const own = <f64>load<f32>(down + <usize>i * line + ((<usize>t) << 2));
      const other = <f64>load<f32>(across + <usize>t * line + ((<usize>i) << 2));
      store<f64>(to + ((<usize>i) << 5) + ((<usize>t) << 3), (own + other) / 2);
    }
  }
}

/**
 * The first half: H [rank,rank], as rows, to `h`, the trace of G to `settings[1]`; the rank is `settings[0]`. `vectors` and `scales` are what
 * the forward pass kept. For the second half, in panels: X̄ [m,d] to `rows`, U and P [rank,d], and `(P Yᵀ)ᵀ` [m − rank,rank] to `cut`.
 */
export function rowFunctionInner(
  x: usize,
  m: i32,
  d: i32,
  centering: i32,
  settings: usize,
  scales: usize,
  vectors: usize,
  dy: usize,
  rows: usize,
  u: usize,
  p: usize,
  cut: usize,
  h: usize,
  scratch: usize,
): void {
  const rank = <i32>load<f64>(settings);
  const uTurned = scratch;
  const pTurned = uTurned + bytes64(m, d);
  const y = pTurned + bytes64(m, d);
  const yTurned = y + bytes64(m, d);
  const spare = yTurned + bytes64(m, d);
  const columns = spare + 2 * bytes64(m, m);
  centredRows(x, m, d, centering, rows);
  turnedVectors(vectors, scales, rows, m, d, rank, u, uTurned, spare);

  const from = step64(d);
  const to = step64(rank);
  let trace: f64 = 0;
  for (let column = 0; column < d; column += 4) {
    symmetricColumns(dy, d, column, columns);
    for (let j = column; j < min(column + 4, d); ++j) trace += load<f64>(entry64(columns, from, j, j - column));
    const c = p + ((<usize>column) >> 2) * to;
    for (let row = 0; row < rank; row += 4) {
      const i = (<usize>row) >> 2;
      panelKernel64(
        uTurned + i * from,
        columns,
        d,
        0,
        0,
        0,
        c + ((<usize>row) << 5),
        pTurned + i * from + ((<usize>column) << 5),
      );
    }
  }
  store<f64>(settings, trace, 8);
  symmetricProduct64(pTurned, uTurned, rank, d, spare);
  unpack64(spare, rank, rank, h);

  const others = m - rank;
  if (others == 0) return;
  const otherTurned = spare + bytes64(m, m);
  pack64(vectors + ((<usize>(rank * m)) << 3), others, m, spare);
  transpose64(spare, others, m, otherTurned);
  product64(otherTurned, rows, others, d, m, y, yTurned);
  product64(yTurned, pTurned, others, rank, d, cut, 0);
}

/**
 * The second half: dX in float32. Settings are rank, shift, and whether there is `across`; S and H [rank,rank] as rows, the others as
 * `rowFunctionInner` left them.
 */
export function rowFunctionGradient(
  m: i32,
  d: i32,
  settings: usize,
  scales: usize,
  vectors: usize,
  s: usize,
  across: usize,
  h: usize,
  rows: usize,
  u: usize,
  p: usize,
  cut: usize,
  dx: usize,
  scratch: usize,
): void {
  const rank = <i32>load<f64>(settings);
  const shift = load<f64>(settings, 8);
  const isAcross = load<f64>(settings, 16) != 0;
  const square = bytes64(m, m);
  const z = scratch;
  const along = z + square;
  const ofU = along + square;
  const ofP = ofU + square;
  const others = ofP + square;
  const otherCount = isAcross ? m - rank : 0;
  const step = step64(rank);
  packScaled64(vectors, rank, m, scales, true, z);
  if (isAcross) {
    for (let i = 0; i < rank; ++i) {
      const factor = load<f64>(across + ((<usize>i) << 3));
      let at = (<usize>(i * rank)) << 3;
      for (let j = 0; j < rank; ++j) {
        store<f64>(s + at, load<f64>(s + at) - factor * load<f64>(h + at));
        at += 8;
      }
      at = (<usize>i) << 5;
      for (let j = 0; j < m; j += 4) {
        v128.store(ofP + at, f64x2.mul(f64x2.splat(factor), v128.load(z + at)));
        v128.store(ofP + at, f64x2.mul(f64x2.splat(factor), v128.load(z + at, 16)), 16);
        at += step;
      }
      for (let k = 0; k < otherCount; ++k) {
        const entry = entry64(cut, step64(otherCount), k, i);
        store<f64>(entry, factor * load<f64>(entry));
      }
    }
    pack64(vectors + ((<usize>(rank * m)) << 3), otherCount, m, others);
  }
  pack64(s, rank, rank, along);
  const otherStep = step64(otherCount);
  for (let column = 0; column < m; column += 4) {
    const j = (<usize>column) >> 2;
    for (let row = 0; row < rank; row += 4) {
      const i = (<usize>row) >> 2;
      const to = ofU + j * step + ((<usize>row) << 5);
      const b = others + j * otherStep;
      panelKernel64(along + i * step, z + j * step, rank, cut + i * otherStep, b, otherCount, to, 0);
    }
  }

  const tile = others;
  const rowStep = step64(m);
  const length2 = isAcross ? rank : 0;
  const factor = f64x2.splat(2 / <f64>m);
  const shifts = f64x2.splat(shift);
  const line = (<usize>d) << 2;
  for (let column = 0; column < d; column += 4) {
    const j = (<usize>column) >> 2;
    const width = min(4, d - column);
    for (let row = 0; row < m; row += 4) {
      const i = (<usize>row) >> 2;
      panelKernel64(ofU + i * step, u + j * step, rank, ofP + i * step, p + j * step, length2, tile, 0);
      const height = min(4, m - row);
      let x = rows + j * rowStep + ((<usize>row) << 5);
      const end = tile + ((<usize>height) << 5);
      for (let at = tile; at < end; at += 16) {
        let value = v128.load(at);
        if (shift != 0) value = f64x2.add(value, f64x2.mul(shifts, v128.load(x)));
        v128.store(at, f64x2.mul(factor, value));
        x += 16;
      }
      tileToSingles(tile, height, width, dx + <usize>row * line + ((<usize>column) << 2), line, 0);
    }
  }
}
