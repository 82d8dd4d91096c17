import { copyWords } from './image';

/**
 * The upper triangles of matrices [count,d,d] as vectors [count,d(d+1)/2], row by row or column by column; or back, with
 * zeros below the diagonal.
 */
export function triangles(matrices: usize, vectors: usize, count: i32, d: i32, byColumns: i32, back: i32): void {
  const line = (<usize>d) << 2;
  for (let picture = 0; picture < count; ++picture) {
    for (let i = 0; i < d; ++i) {
      if (back) memory.fill(matrices, 0, (<usize>i) << 2);
      const row = matrices + ((<usize>i) << 2);
      const length = (<usize>(d - i)) << 2;
      if (byColumns) {
        copyColumn(row, vectors + ((<usize>((i * (i + 3)) / 2)) << 2), i, d, back);
      } else {
        if (back) copyWords(vectors, row, length);
        else copyWords(row, vectors, length);
        vectors += length;
      }
      matrices += line;
    }
    if (byColumns) vectors += (<usize>((d * (d + 1)) / 2)) << 2;
  }
}

/** The numbers of row i from the diagonal on, which stand at (j(j+1)/2 + i) of the vector. */
function copyColumn(row: usize, vector: usize, i: i32, d: i32, back: i32): void {
  for (let j = i; j < d; ++j) {
    if (back) store<u32>(row, load<u32>(vector));
    else store<u32>(vector, load<u32>(row));
    row += 4;
    vector += (<usize>(j + 1)) << 2;
  }
}
