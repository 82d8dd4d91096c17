import { BESIDE_PANELS, PANEL, packPanels, packTransposedPanels, packedBytes } from './pack';
import {
  C_TABLE,
  CONTEXT_BYTES,
  DEPTH,
  ONE_RUN,
  PACK_FROM,
  PANEL_BYTES,
  WIDTH,
  fillTables,
  prepareContext,
  rowTiles,
  stripTiles,
} from './tile';

/** Bytes of scratch that `gemm` needs. */
export function gemmScratch(): usize {
  return CONTEXT_BYTES + packedBytes(DEPTH, WIDTH) + BESIDE_PANELS + PANEL_BYTES;
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
  const packedA = packedB + packedBytes(DEPTH, WIDTH) + BESIDE_PANELS;
  prepareContext(scratch);
  for (let column = 0; column < n; column += WIDTH) {
    const columns = min(WIDTH, n - column);
    for (let at = 0; at < k; at += DEPTH) {
      const depth = min(DEPTH, k - at);
      const accumulating = accumulate | i32(at > 0);
      if (transposeB)
        packTransposedPanels(b + <usize>column * bStep + ((<usize>at) << 2), bStep, depth, columns, packedB);
      else packPanels(b + <usize>at * bStep + ((<usize>column) << 2), bStep, depth, columns, packedB);
      store<usize>(scratch + ONE_RUN, 0);
      store<i32>(scratch + ONE_RUN, depth, 4);
      for (let row = 0; row < m; row += PANEL) {
        const rows = min(PANEL, m - row);
        const from = a + <usize>row * aStep + ((<usize>at) << 2);
        for (let i = 0; i < rows; ++i) {
          store<usize>(scratch + ((<usize>i) << 2), from + <usize>i * aStep);
          store<usize>(scratch + C_TABLE + ((<usize>i) << 2), c + <usize>(row + i) * cStep);
        }
        fillTables(scratch, rows);
        if (transposeA) {
          packPanels(a + <usize>at * aStep + ((<usize>row) << 2), aStep, depth, rows, packedA);
          stripTiles(scratch, 0, rows, packedA, depth, packedB, column, columns, accumulating);
        } else {
          // One or two rows have kernels of their own, which read in place.
          const packed = columns < PACK_FROM || rows < 3 ? 0 : packedA;
          rowTiles(scratch, rows, scratch + ONE_RUN, 1, depth, packedB, column, columns, accumulating, packed);
        }
      }
    }
  }
}
