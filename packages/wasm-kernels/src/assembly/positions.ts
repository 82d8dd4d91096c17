/** Where positions first, first + 1, … of an output of so many rows and columns begin, by the steps between pictures, rows, columns in bytes. */
export function fillPositions(
  table: usize,
  from: usize,
  first: i32,
  length: i32,
  outHeight: i32,
  outWidth: i32,
  pictureStep: usize,
  rowStep: usize,
  columnStep: usize,
): void {
  const rows = first / outWidth;
  let column = first % outWidth;
  let row = rows % outHeight;
  let picture = from + <usize>(rows / outHeight) * pictureStep;
  let at = picture + <usize>row * rowStep + <usize>column * columnStep;
  for (let i = 0; i < length; ++i, table += 4) {
    store<usize>(table, at);
    at += columnStep;
    if (++column < outWidth) continue;
    column = 0;
    if (++row == outHeight) {
      row = 0;
      picture += pictureStep;
    }
    at = picture + <usize>row * rowStep;
  }
}
