import { TILE_ROWS, rowKernel1, rowKernel2, rowKernel4 } from './micro-kernel';
import { transpose4 } from './panels';

export const PANEL: i32 = 8;

// A context at the start of the scratch area: the row addresses of A, those of C, those of the spare tile, one run
// offset, and the spare tile itself, which takes columns that C does not have.
export const C_TABLE: usize = 16;
const SPARE_TABLE: usize = 32;
export const ONE_RUN: usize = 48;
const SPARE_TILE: usize = 64;
export const CONTEXT_BYTES: usize = 192;

export function prepareContext(context: usize): void {
  for (let row: usize = 0; row < <usize>TILE_ROWS; ++row) {
    store<usize>(context + SPARE_TABLE + row * 4, context + SPARE_TILE + row * 32);
  }
  store<usize>(context + ONE_RUN, 0);
}

/** Rows that the tile does not have do what the first row does: read the same, write the same. */
export function fillTables(context: usize, rows: i32): void {
  for (let row = <usize>rows; row < <usize>TILE_ROWS; ++row) {
    store<usize>(context + row * 4, load<usize>(context));
    store<usize>(context + C_TABLE + row * 4, load<usize>(context + C_TABLE));
  }
}

function kernel(
  rows: i32,
  context: usize,
  cTable: usize,
  column: usize,
  runs: usize,
  runCount: i32,
  runLength: i32,
  b: usize,
  accumulate: i32,
): void {
  if (rows > 2) rowKernel4(context, cTable, column, runs, runCount, runLength, b, accumulate);
  else if (rows > 1) rowKernel2(context, cTable, column, runs, runCount, runLength, b, accumulate);
  else rowKernel1(context, cTable, column, runs, runCount, runLength, b, accumulate);
}

/** One tile of rows against `columns` packed columns of B, `first` being the first of them in C. */
export function rowTile(
  context: usize,
  rows: i32,
  runs: usize,
  runCount: i32,
  runLength: i32,
  b: usize,
  first: i32,
  columns: i32,
  accumulate: i32,
): void {
  const panelBytes = (<usize>(runCount * runLength)) << 5;
  const cTable = context + C_TABLE;
  let column = 0;
  for (; column + PANEL <= columns; column += PANEL) {
    kernel(rows, context, cTable, (<usize>(first + column)) << 2, runs, runCount, runLength, b, accumulate);
    b += panelBytes;
  }
  if (column == columns) return;
  kernel(rows, context, context + SPARE_TABLE, 0, runs, runCount, runLength, b, 0);
  const bytes = (<usize>(columns - column)) << 2;
  for (let row: usize = 0; row < <usize>rows; ++row) {
    const from = context + SPARE_TILE + row * 32;
    const to = load<usize>(cTable + row * 4) + ((<usize>(first + column)) << 2);
    for (let at: usize = 0; at < bytes; at += 4) {
      store<f32>(to + at, accumulate ? load<f32>(to + at) + load<f32>(from + at) : load<f32>(from + at));
    }
  }
}

/** Packs depth×columns of row-major B (row step in bytes) into panels of 8 columns, the last filled with zeros. */
export function packPanels(b: usize, rowStep: usize, depth: i32, columns: i32, to: usize): void {
  const panel = (<usize>depth) << 5;
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
    to += (<usize>depth) << 5;
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
