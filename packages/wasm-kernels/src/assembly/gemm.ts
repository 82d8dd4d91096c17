import { TILE_ROWS } from './micro-kernel';
import {
  C_TABLE,
  CONTEXT_BYTES,
  ONE_RUN,
  fillTables,
  packPanels,
  packTransposedPanels,
  prepareContext,
  rowTile,
} from './tile';

// A block of B (depth × width) of 256 KiB stays in the second-level cache while the rows of A pass by.
const DEPTH: i32 = 256;
const WIDTH: i32 = 256;

/** Bytes of scratch that `gemm` needs. */
export function gemmScratch(): usize {
  return CONTEXT_BYTES + ((<usize>(DEPTH * WIDTH)) << 2) + ((<usize>(DEPTH * TILE_ROWS)) << 2);
}

/** Copies a depth×rows piece of transposed A (row step in bytes) into `rows` rows. */
function untranspose(a: usize, rowStep: usize, depth: i32, rows: i32, to: usize): void {
  const length = (<usize>depth) << 2;
  for (let k = 0; k < depth; ++k) {
    for (let row = 0; row < rows; ++row) store<f32>(to + <usize>row * length, load<f32>(a + ((<usize>row) << 2)));
    a += rowStep;
    to += 4;
  }
}

/** C[m,n] = A[m,k] · B[k,n] (+ C where `accumulate`); leading sizes in numbers; k = 0 gives zeros. */
export function gemm(
  a: usize,
  b: usize,
  c: usize,
  m: i32,
  n: i32,
  k: i32,
  lda: i32,
  ldb: i32,
  ldc: i32,
  transposeA: i32,
  transposeB: i32,
  accumulate: i32,
  scratch: usize,
): void {
  const aStep = (<usize>lda) << 2;
  const bStep = (<usize>ldb) << 2;
  const cStep = (<usize>ldc) << 2;
  if (k == 0 && !accumulate) {
    for (let row = 0; row < m; ++row) memory.fill(c + <usize>row * cStep, 0, (<usize>n) << 2);
  }
  const packedB = scratch + CONTEXT_BYTES;
  const packedA = packedB + ((<usize>(DEPTH * WIDTH)) << 2);
  prepareContext(scratch);
  for (let column = 0; column < n; column += WIDTH) {
    const columns = min(WIDTH, n - column);
    for (let at = 0; at < k; at += DEPTH) {
      const depth = min(DEPTH, k - at);
      if (transposeB)
        packTransposedPanels(b + <usize>column * bStep + ((<usize>at) << 2), bStep, depth, columns, packedB);
      else packPanels(b + <usize>at * bStep + ((<usize>column) << 2), bStep, depth, columns, packedB);
      for (let row = 0; row < m; row += TILE_ROWS) {
        const rows = min(TILE_ROWS, m - row);
        let from = a + <usize>row * aStep + ((<usize>at) << 2);
        let step = aStep;
        if (transposeA) {
          untranspose(a + <usize>at * aStep + ((<usize>row) << 2), aStep, depth, rows, packedA);
          from = packedA;
          step = (<usize>depth) << 2;
        }
        for (let i = 0; i < rows; ++i) {
          store<usize>(scratch + ((<usize>i) << 2), from + <usize>i * step);
          store<usize>(scratch + C_TABLE + ((<usize>i) << 2), c + <usize>(row + i) * cStep);
        }
        fillTables(scratch, rows);
        rowTile(scratch, rows, scratch + ONE_RUN, 1, depth, packedB, column, columns, accumulate | i32(at > 0));
      }
    }
  }
}
