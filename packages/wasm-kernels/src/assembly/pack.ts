import { transpose4 } from './panels';

export const PANEL: i32 = 8;

const PAGE: usize = 4096;

/**
 * Bytes from one packed panel to the next. Two streams that are read in step lose an eighth of their speed where their addresses
 * nearly agree modulo 4096: whole pages let the other side stand apart, at `BESIDE_PANELS`. The 32 bytes beyond spread the lines
 * of neighbouring panels over the sets of the cache.
 */
export function packedStep(depth: i32): usize {
  const bytes = (<usize>depth) << 5;
  return depth > 64 ? ((bytes + PAGE - 1) & ~(PAGE - 1)) + 32 : bytes;
}

/** Where, beyond the whole pages of a packed side, the panel that meets its panels begins: some 1500 bytes from all of them. */
export const BESIDE_PANELS: usize = 2560;

/** Bytes of so many packed columns, whole pages. */
export function packedBytes(depth: i32, columns: i32): usize {
  const panels = <usize>((columns + PANEL - 1) / PANEL);
  return (panels * packedStep(depth) + PAGE - 1) & ~(PAGE - 1);
}

/**
 * Packs four rows, which begin at the addresses in a table, into one half of a panel; `runs` holds byte offset and length of each
 * run of neighbouring numbers.
 */
export function packRows(table: usize, runs: usize, runCount: i32, to: usize): void {
  for (let run = 0; run < runCount; ++run, runs += 8) {
    const offset = load<usize>(runs);
    const length = load<usize>(runs, 4);
    let a0 = load<usize>(table) + offset;
    let a1 = load<usize>(table, 4) + offset;
    let a2 = load<usize>(table, 8) + offset;
    let a3 = load<usize>(table, 12) + offset;
    const end = to + (length << 5);
    // Touched ahead, their cache lines come all at once.
    for (let ahead: usize = 0; ahead < length << 2; ahead += 64) {
      load<f32>(a0 + ahead);
      load<f32>(a1 + ahead);
      load<f32>(a2 + ahead);
      load<f32>(a3 + ahead);
    }
    for (const full = to + ((length & ~3) << 5); to < full; to += 128) {
      transpose4(v128.load(a0), v128.load(a1), v128.load(a2), v128.load(a3), to, 32);
      a0 += 16;
      a1 += 16;
      a2 += 16;
      a3 += 16;
    }
    for (; to < end; to += 32) {
      store<f32>(to, load<f32>(a0));
      store<f32>(to, load<f32>(a1), 4);
      store<f32>(to, load<f32>(a2), 8);
      store<f32>(to, load<f32>(a3), 12);
      a0 += 4;
      a1 += 4;
      a2 += 4;
      a3 += 4;
    }
  }
}

/** Packs depth×columns of row-major B (row step in bytes) into panels of 8 columns, the last filled with zeros. */
export function packPanels(b: usize, rowStep: usize, depth: i32, columns: i32, to: usize): void {
  const panel = packedStep(depth);
  const full = columns & ~(PANEL - 1);
  // Four rows at a time: they are read from end to end, and a panel receives whole cache lines.
  let k = 0;
  for (; k + 4 <= depth; k += 4) {
    let from = b + <usize>k * rowStep;
    let at = to + ((<usize>k) << 5);
    for (let column = 0; column < full; column += PANEL) {
      v128.store(at, v128.load(from));
      v128.store(at, v128.load(from, 16), 16);
      v128.store(at, v128.load(from + rowStep), 32);
      v128.store(at, v128.load(from + rowStep, 16), 48);
      v128.store(at, v128.load(from + 2 * rowStep), 64);
      v128.store(at, v128.load(from + 2 * rowStep, 16), 80);
      v128.store(at, v128.load(from + 3 * rowStep), 96);
      v128.store(at, v128.load(from + 3 * rowStep, 16), 112);
      from += 32;
      at += panel;
    }
  }
  for (; k < depth; ++k) {
    let from = b + <usize>k * rowStep;
    let at = to + ((<usize>k) << 5);
    for (let column = 0; column < full; column += PANEL) {
      v128.store(at, v128.load(from));
      v128.store(at, v128.load(from, 16), 16);
      from += 32;
      at += panel;
    }
  }
  const width = columns - full;
  if (width == 0) return;
  let from = b + ((<usize>full) << 2);
  let at = to + ((<usize>full) >> 3) * panel;
  for (k = 0; k < depth; ++k) {
    for (let i = 0; i < PANEL; ++i) {
      store<f32>(at + ((<usize>i) << 2), i < width ? load<f32>(from + ((<usize>i) << 2)) : 0);
    }
    from += rowStep;
    at += 32;
  }
}

/** The same from transposed B, whose rows are the columns. */
export function packTransposedPanels(b: usize, rowStep: usize, depth: i32, columns: i32, to: usize): void {
  const aligned = depth & ~3;
  for (let column = 0; column < columns; column += PANEL) {
    const width = min(PANEL, columns - column);
    const first = b + <usize>column * rowStep;
    let k = 0;
    if (width == PANEL) {
      for (; k < aligned; k += 4) {
        const from = first + ((<usize>k) << 2);
        const at = to + ((<usize>k) << 5);
        transposeRows(from, rowStep, at, 32);
        transposeRows(from + 4 * rowStep, rowStep, at + 16, 32);
      }
    }
    for (; k < depth; ++k) {
      let from = first + ((<usize>k) << 2);
      const at = to + ((<usize>k) << 5);
      for (let i = 0; i < PANEL; ++i) {
        store<f32>(at + ((<usize>i) << 2), i < width ? load<f32>(from) : 0);
        from += rowStep;
      }
    }
    to += packedStep(depth);
  }
}

/** The 4×4 numbers whose rows are `step` bytes apart, transposed to rows `toStep` bytes apart. */
export function transposeRows(from: usize, step: usize, to: usize, toStep: usize): void {
  transpose4(
    v128.load(from),
    v128.load(from + step),
    v128.load(from + 2 * step),
    v128.load(from + 3 * step),
    to,
    toStep,
  );
}
