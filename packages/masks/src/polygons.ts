import { checkArgument, CovpoolError } from '@covpool/base';
import { columnCrossings } from './column-crossings.ts';
import type { Box } from './measure.ts';
import { merge } from './merge.ts';
import { checkSize, type Rle } from './run-lengths.ts';

/** Five times this still is a 32-bit integer. */
const FARTHEST = 4e8;

/**
 * The mask of an object that consists of polygons, each `[x0, y0, x1, y1, …]` in pixels: the union of their insides, by the rule of
 * the COCO tools, to the pixel. Vertices go to a grid five times as fine as the pixels', edges become its discrete lines, and a column of
 * pixels is filled between the places where lines pass its middle, by the even-odd rule. What lies outside the picture is cut off;
 * polygons without inside (a point, a line, no polygon at all) give an empty mask. Cost: columns that each edge crosses, then sorting.
 *
 * ```ts
 * rle.fromPolygons([[1, 1, 1, 4, 5, 4, 5, 1]], 6, 8).counts; // 7, 3, 3, 3, 3, 3, 3, 3, 20
 * ```
 *
 * @throws `bad-input` for half a point, a coordinate that is no number or beyond ±4·10⁸, an outline without end, or a wild size.
 */
export function fromPolygons(polygons: readonly ArrayLike<number>[], height: number, width: number): Rle {
  checkSize('rle.fromPolygons', height, width);
  const masks = polygons.map((points, index) => {
    checkPolygon(points, index);
    const crossings = columnCrossings(points, height, width);
    if (!crossings) {
      const required = `polygon ${index} must cross the middles of at most 2^24 pixel columns`;
      throw new CovpoolError(
        'bad-input',
        `rle.fromPolygons: ${required}, got ${points.length / 2} points over ${width}`,
      );
    }
    return fill(crossings.sort(), height, width);
  });
  return masks.length > 0 ? merge(masks) : { size: [height, width], counts: Uint32Array.of(height * width) };
}

/** The mask of each box `[x, y, width, height]`, filled as the polygon of its corners. */
export function fromBoxes(boxes: readonly (Readonly<Box> | ArrayLike<number>)[], height: number, width: number): Rle[] {
  return boxes.map((box, index) => {
    checkArgument(
      box.length === 4,
      () => `rle.fromBoxes: box ${index} must be [x, y, width, height], got ${box.length} numbers`,
    );
    const [x, y, right, bottom] = [box[0]!, box[1]!, box[0]! + box[2]!, box[1]! + box[3]!];
    return fromPolygons([[x, y, x, bottom, right, bottom, right, y]], height, width);
  });
}

function checkPolygon(points: ArrayLike<number>, index: number): void {
  const fail = (required: string, got: unknown): never => {
    throw new CovpoolError('bad-input', `rle.fromPolygons: polygon ${index} ${required}, got ${String(got)}`);
  };
  if (typeof points !== 'object' || points === null || typeof points.length !== 'number') {
    fail('must be a list of coordinates', points);
  }
  if (points.length % 2 !== 0) fail('must have an even number of coordinates', points.length);
  for (let i = 0; i < points.length; i++) {
    const value: unknown = points[i];
    if (!(typeof value === 'number' && Math.abs(value) <= FARTHEST)) fail('must have coordinates within ±4e8', value);
  }
}

/** Even-odd filling: down the columns, each crossing switches between outside and inside. */
function fill(switches: Uint32Array, height: number, width: number): Rle {
  const counts = new Uint32Array(switches.length + 1);
  let length = 0;
  let start = 0;
  for (let i = 0; i <= switches.length; i++) {
    const isEnd = i === switches.length;
    const at = isEnd ? height * width : switches[i]!;
    if (at !== start || length === 0) {
      counts[length++] = at - start;
      start = at;
    } else if (!isEnd) start = at - counts[--length]!; // Two crossings at one place cancel out.
  }
  return { size: [height, width], counts: counts.slice(0, length) };
}
