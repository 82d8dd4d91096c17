import { TILE_ROWS, rowKernel1, rowKernel2, rowKernel4, stripKernel } from './micro-kernel';
import { PANEL, packRows, packedStep } from './pack';

/** A packed block of B, depth × width, of 256 KiB stays in the second-level cache while the rows of A pass by. */
export const DEPTH: i32 = 256;
export const WIDTH: i32 = 256;

/** From so many columns on it pays to pack the rows of A; fewer read them where they are. */
export const PACK_FROM: i32 = 32;

/** Rows whose addresses a context holds. */
export const ROWS: i32 = 64;

/** Bytes of a packed panel of A. */
export const PANEL_BYTES: usize = (<usize>(DEPTH * PANEL)) << 2;

// A context at the start of the scratch area: the row addresses of A, those of C, those of the spare tile, one run, and the
// spare tile itself, which takes columns that C does not have.
export const C_TABLE: usize = (<usize>ROWS) << 2;
const SPARE_TABLE: usize = 2 * C_TABLE;
export const ONE_RUN: usize = SPARE_TABLE + 16;
const SPARE_TILE: usize = ONE_RUN + 16;
export const CONTEXT_BYTES: usize = SPARE_TILE + 128;

export function prepareContext(context: usize): void {
  for (let row: usize = 0; row < <usize>TILE_ROWS; ++row) {
    store<usize>(context + SPARE_TABLE + row * 4, context + SPARE_TILE + row * 32);
  }
}

/** Rows that the last tile does not have do what its first row does: read the same, write the same. */
export function fillTables(context: usize, rows: i32): void {
  const first = context + ((<usize>(rows & ~(TILE_ROWS - 1))) << 2);
  for (let row = rows; row & (TILE_ROWS - 1); ++row) {
    const at = context + ((<usize>row) << 2);
    store<usize>(at, load<usize>(first));
    store<usize>(at + C_TABLE, load<usize>(first + C_TABLE));
  }
}

/**
 * The rows of a context, which consist of runs, against `columns` packed columns of B, `first` being the first of them in C. They
 * are packed, a panel at a time, at `packed`, or read where they are if that is 0.
 */
export function rowTiles(
  context: usize,
  rows: i32,
  runs: usize,
  runCount: i32,
  depth: i32,
  b: usize,
  first: i32,
  columns: i32,
  accumulate: i32,
  packed: usize,
): void {
  if (packed) {
    for (let row = 0; row < rows; row += PANEL) {
      const count = min(PANEL, rows - row);
      const tables = context + ((<usize>row) << 2);
      packRows(tables, runs, runCount, packed);
      if (count > TILE_ROWS) packRows(tables + 16, runs, runCount, packed + 16);
      stripTiles(context, row, count, packed, depth, b, first, columns, accumulate);
    }
    return;
  }
  for (let row = 0; row < rows; row += TILE_ROWS) {
    const table = context + ((<usize>row) << 2);
    const count = min(TILE_ROWS, rows - row);
    const step = packedStep(depth);
    let panel = b;
    let column = 0;
    for (; column + PANEL <= columns; column += PANEL, panel += step) {
      rowKernel(count, table, table + C_TABLE, (<usize>(first + column)) << 2, runs, runCount, panel, accumulate);
    }
    if (column == columns) continue;
    rowKernel(count, table, context + SPARE_TABLE, 0, runs, runCount, panel, 0);
    copySpare(context, count, table + C_TABLE, first + column, columns - column, accumulate);
  }
}

function rowKernel(
  rows: i32,
  table: usize,
  cTable: usize,
  column: usize,
  runs: usize,
  runCount: i32,
  b: usize,
  accumulate: i32,
): void {
  if (rows > 2) rowKernel4(table, cTable, column, runs, runCount, b, accumulate);
  else if (rows > 1) rowKernel2(table, cTable, column, runs, runCount, b, accumulate);
  else rowKernel1(table, cTable, column, runs, runCount, b, accumulate);
}

/** The same for up to eight rows in a packed panel, the first of them row `from` of the context. */
export function stripTiles(
  context: usize,
  from: i32,
  rows: i32,
  packed: usize,
  depth: i32,
  b: usize,
  first: i32,
  columns: i32,
  accumulate: i32,
): void {
  const step = packedStep(depth);
  const panels = columns / PANEL;
  for (let row = 0; row < rows; row += TILE_ROWS) {
    const a = packed + ((<usize>row) << 2);
    const cTable = context + C_TABLE + ((<usize>(from + row)) << 2);
    stripKernel(a, b, step, panels, depth, accumulate, cTable, (<usize>first) << 2);
    const column = panels * PANEL;
    if (column == columns) continue;
    stripKernel(a, b + <usize>panels * step, step, 1, depth, 0, context + SPARE_TABLE, 0);
    copySpare(context, min(TILE_ROWS, rows - row), cTable, first + column, columns - column, accumulate);
  }
}

/** Copies the first columns of the spare tile to C, or adds them. */
function copySpare(context: usize, rows: i32, cTable: usize, first: i32, columns: i32, accumulate: i32): void {
  const bytes = (<usize>columns) << 2;
  for (let row: usize = 0; row < <usize>rows; ++row) {
    const from = context + SPARE_TILE + row * 32;
    const to = load<usize>(cTable + row * 4) + ((<usize>first) << 2);
    for (let at: usize = 0; at < bytes; at += 4) {
      store<f32>(to + at, accumulate ? load<f32>(to + at) + load<f32>(from + at) : load<f32>(from + at));
    }
  }
}
