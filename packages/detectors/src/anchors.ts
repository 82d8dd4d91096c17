import { checkArgument } from '@covpool/base';
import type { Boxes, PictureSize } from './boxes.ts';
import { conventionsOf, type ConventionsOption } from './conventions.ts';

export interface BaseAnchorOptions extends ConventionsOption {
  /** Anchor sizes as multiples of the stride. @default [8] */
  scales?: readonly number[];
  /** Height by width. @default [0.5, 1, 2] */
  ratios?: readonly number[];
}

/**
 * The anchors of one position of a level, `w = stride·scale/√ratio`, `h = stride·scale·√ratio`, a ratio's scales together.
 *
 * - mmdet2: centred on 0, as they are: ±w/2, ±h/2
 * - mmdet1: centred on (stride − 1)/2, w − 1 and h − 1 long, rounded half to even
 * - torchvision: centred on 0, corners rounded half to even
 *
 * @throws bad-argument unless stride, scales and ratios are positive
 */
export function baseAnchors(
  stride: number,
  { scales = [8], ratios = [0.5, 1, 2], conventions }: BaseAnchorOptions = {},
): Boxes {
  checkArgument(
    [stride, ...scales, ...ratios].every((value) => value > 0 && value < Infinity),
    () => `baseAnchors: stride, scales and ratios must be positive, got ${stride}, [${scales}] and [${ratios}]`,
  );
  const { base } = conventionsOf(conventions).anchors;
  const centre = base === 'pixels' ? (stride - 1) / 2 : 0;
  const missing = base === 'pixels' ? 1 : 0;
  const corners = ratios.flatMap((ratio) =>
    scales.flatMap((scale) => {
      const [halfWidth, halfHeight] = [
        ((stride * scale) / Math.sqrt(ratio) - missing) / 2,
        (stride * scale * Math.sqrt(ratio) - missing) / 2,
      ];
      return [centre - halfWidth, centre - halfHeight, centre + halfWidth, centre + halfHeight];
    }),
  );
  return Float32Array.from(base === 'exact' ? corners : corners.map(roundHalfToEven));
}

const roundHalfToEven = (value: number): number => {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
};

/**
 * The anchors of a level: every base anchor at every position (j·strideX, i·strideY) of the grid, row by row, the base
 * anchors of a position together. Cost: rows · columns · bases boxes.
 *
 * @param grid rows and columns of the level's features
 * @param strides down and right, in pixels of the picture (`anchorStrides`)
 */
export function gridAnchors(
  base: Boxes,
  grid: readonly [rows: number, columns: number],
  strides: readonly [down: number, right: number],
): Boxes {
  const [rows, columns] = grid;
  const anchors = new Float32Array(rows * columns * base.length);
  let at = 0;
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      const [x, y] = [j * strides[1], i * strides[0]];
      for (let k = 0; k < base.length; k += 2) {
        anchors[at++] = base[k]! + x;
        anchors[at++] = base[k + 1]! + y;
      }
    }
  }
  return anchors;
}

/**
 * How far the anchors of a level are apart, down and right: its nominal stride; with torchvision's conventions
 * ⌊picture / grid⌋, which is less where the grid was rounded up (61, not 64, for 800 pixels in 13 rows).
 *
 * @param picture height and width of the padded batch
 */
export function anchorStrides(
  stride: number,
  grid: readonly [rows: number, columns: number],
  picture: PictureSize,
  { conventions }: ConventionsOption = {},
): [down: number, right: number] {
  if (conventionsOf(conventions).anchors.stride === 'nominal') return [stride, stride];
  return [Math.floor(picture[0] / grid[0]), Math.floor(picture[1] / grid[1])];
}

/**
 * Which anchors take part in training, a byte each: those that reach at most `allowedBorder` pixels (by the conventions: 0
 * or, for −1, without limit) over the picture as it is without padding.
 */
export function anchorsInside(
  anchors: Boxes,
  [height, width]: PictureSize,
  { conventions, allowedBorder }: ConventionsOption & { allowedBorder?: number } = {},
): Uint8Array {
  const border = allowedBorder ?? conventionsOf(conventions).anchors.allowedBorder;
  const inside = new Uint8Array(anchors.length / 4).fill(1);
  if (border < 0) return inside;
  for (let n = 0; n < inside.length; n++) {
    const at = 4 * n;
    const fits =
      anchors[at]! >= -border &&
      anchors[at + 1]! >= -border &&
      anchors[at + 2]! < width + border &&
      anchors[at + 3]! < height + border;
    inside[n] = fits ? 1 : 0;
  }
  return inside;
}

/**
 * Which anchors of a level stand at positions of the picture or of its own padding, a byte each: rows below ⌈padded height / stride⌉ and
 * columns before ⌈padded width / stride⌉, where both sides are raised to multiples of `divisor` (by the conventions: 32, or 0 for all
 * positions). What a larger picture of the batch adds is not trained: mmdetection's `valid_flags`.
 *
 * @param grid rows and columns of the level's features
 * @param perPosition anchors of a position
 * @param picture height and width without padding
 */
export function anchorsOnPicture(
  grid: readonly [rows: number, columns: number],
  perPosition: number,
  stride: number,
  picture: PictureSize,
  { conventions }: ConventionsOption = {},
): Uint8Array {
  const [rows, columns] = grid;
  const on = new Uint8Array(rows * columns * perPosition);
  const { divisor } = conventionsOf(conventions).anchors;
  if (divisor === 0) return on.fill(1);
  const [height, width] = picture.map((side) => Math.ceil((Math.ceil(side / divisor) * divisor) / stride));
  for (let row = 0; row < Math.min(rows, height!); row++) {
    const from = row * columns * perPosition;
    on.fill(1, from, from + Math.min(columns, width!) * perPosition);
  }
  return on;
}
