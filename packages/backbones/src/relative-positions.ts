/**
 * For every pair of positions (i, j) of a square window, row by row, where in a table of the (2·side − 1)² relative positions the one of i
 * to j stands: `(yᵢ − yⱼ + side − 1)·(2·side − 1) + xᵢ − xⱼ + side − 1`; side⁴ numbers (Liu et al. 2021).
 */
export function relativePositions(side: number): Int32Array {
  const positions = side * side;
  const places = new Int32Array(positions * positions);
  for (let i = 0; i < positions; i++) {
    for (let j = 0; j < positions; j++) {
      const dy = Math.floor(i / side) - Math.floor(j / side);
      const dx = (i % side) - (j % side);
      places[i * positions + j] = (dy + side - 1) * (2 * side - 1) + dx + side - 1;
    }
  }
  return places;
}

/** What the scores of positions get that were not neighbours before the map was shifted. */
const APART = -100;

/**
 * What is added to the scores of each window of a shifted map, [windows, side², side²]: 0 for two positions of the same part of the
 * picture, −100 for two that only the shift around the borders brought together.
 *
 * @param shift how far the map was shifted up and to the left, in positions from 0 to side − 1
 */
export function shiftMask(
  [height, width]: readonly [number, number],
  side: number,
  shift: readonly [number, number],
): Float32Array {
  const [rows, columns] = [parts(height, side, shift[0]), parts(width, side, shift[1])];
  const positions = side * side;
  const windows = (height / side) * (width / side);
  const mask = new Float32Array(windows * positions * positions);
  for (let w = 0; w < windows; w++) {
    const [top, left] = [Math.floor(w / (width / side)) * side, (w % (width / side)) * side];
    const part = (p: number): number => 3 * rows[top + Math.floor(p / side)]! + columns[left + (p % side)]!;
    for (let i = 0; i < positions; i++) {
      for (let j = 0; j < positions; j++) {
        if (part(i) !== part(j)) mask[(w * positions + i) * positions + j] = APART;
      }
    }
  }
  return mask;
}

/** The part of each row (or column) of a shifted map: all but the last window, the rest of that, what came around the border. */
const parts = (extent: number, side: number, shift: number): number[] =>
  Array.from({ length: extent }, (_, i) => (shift === 0 || i < extent - side ? 0 : i < extent - shift ? 1 : 2));
