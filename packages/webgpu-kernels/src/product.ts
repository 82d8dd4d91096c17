import type { TensorInfo } from '@tensorflow/tfjs-core';
import { dispatch } from './program.ts';
import { type FastIndex, tilePanels, tileProduct, type TileSide, tileThreads } from './tile.ts';
import type { RecordingBackend } from './webgpu-backend.ts';

/** A batch of products `C = A B` in one dispatch, operands and result given by WGSL. */
export interface Product {
  label: string;
  reads: Record<string, TensorInfo>;
  writes: Record<string, TensorInfo>;
  /** Whole numbers for the expressions, as `sizes.name`. */
  sizes?: Record<string, number>;
  /** Real numbers for the expressions, as `sizes.name`. */
  scalars?: Record<string, number>;
  batch: number;
  rows: number;
  columns: number;
  /** The inner length. */
  depth: number;
  /** Expression of A's number at (i, k) of `batch`. */
  left: string;
  /** Expression of B's number at (k, j) of `batch`. */
  right: string;
  leftFast?: FastIndex;
  rightFast?: FastIndex;
  /** Statements that store `value` of C at (i, j) of `batch`. */
  store: string;
  /** The result is symmetric: only tiles on and above the diagonal are computed, and each value is stored at (i,j) and (j,i). */
  symmetric?: boolean;
  /** More functions for the expressions. */
  functions?: string;
  /** WGSL at the start of every group, before the product; `batch`, `row`, `column` and `thread` are known. */
  before?: string;
  /** For tests: the side of the tiles. */
  side?: TileSide;
}

/** Below so many groups of large tiles the device would be idle in part. */
const BUSY = 128;

function sideFor({ batch, rows, columns, symmetric }: Product): TileSide {
  const [down, across] = [Math.ceil(rows / 64), Math.ceil(columns / 64)];
  const groups = batch * (symmetric ? (down * (down + 1)) / 2 : down * across);
  return Math.max(rows, columns) > 32 && groups >= BUSY ? 64 : 32;
}

/** Runs it. Reads 4·depth·(rows + columns) bytes a tile, writes each result once. */
export function product(backend: RecordingBackend, options: Product): void {
  const { label, reads, writes, batch, rows, columns, depth, left, right, store, symmetric = false } = options;
  const { leftFast = 'inner', rightFast = 'outer', functions = '', before = '' } = options;
  const side = options.side ?? sideFor(options);
  const [down, across] = [Math.ceil(rows / side), Math.ceil(columns / side)];
  const tiles = symmetric ? (down * (down + 1)) / 2 : down * across;
  const code = `${tilePanels(side)}
${functions}
${tileProduct({ name: 'tile', left, right, leftFast, rightFast })}
fn store(batch: u32, i: u32, j: u32, value: f32) { ${store} }
fn run(group: u32, thread: u32) {
  let batch = group / sizes.tiles;
  var rest = group % sizes.tiles;
  ${symmetric ? SYMMETRIC_TILE : PLAIN_TILE}
  ${before}
  let sums = tile(batch, row, column, sizes.rows, sizes.columns, sizes.depth, thread);
  let i = row + 4u * (thread / QUADS);
  let j = column + 4u * (thread % QUADS);
  for (var p = 0u; p < 4u; p++) {
    for (var q = 0u; q < 4u; q++) {
      if (i + p < sizes.rows && j + q < sizes.columns) {
        ${symmetric ? SYMMETRIC_STORE : 'store(batch, i + p, j + q, sums[p][q]);'}
      }
    }
  }
}
`;
  const program = { label, threads: tileThreads(side), code };
  const sizes = { tiles, across, rows, columns, depth, ...options.sizes };
  dispatch(backend, program, { reads, writes, sizes, scalars: options.scalars, groups: batch * tiles });
}

const PLAIN_TILE = 'let row = (rest / sizes.across) * SIDE; let column = (rest % sizes.across) * SIDE;';

const SYMMETRIC_TILE = `var tileRow = 0u;
  while (rest >= sizes.across - tileRow) { rest -= sizes.across - tileRow; tileRow++; }
  let row = tileRow * SIDE; let column = (tileRow + rest) * SIDE;`;

const SYMMETRIC_STORE = `if (i + p <= j + q) {
          store(batch, i + p, j + q, sums[p][q]);
          if (i + p < j + q) { store(batch, j + q, i + p, sums[p][q]); }
        }`;
