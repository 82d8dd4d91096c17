/** Vertices are rounded to this fraction of a pixel. */
const SCALE = 5;
/** The crossing that counts for pixel column X is that between SCALE·X + MIDDLE and the place after it. */
const MIDDLE = 2;
/** 64 MiB of them: no outline that someone drew has so many. */
const MOST_CROSSINGS = 2 ** 24;

/**
 * Where the outline of a polygon passes the middles of the pixel columns, as places `x · height + y` of the first pixel below, clamped
 * to the column; nothing if they are more than 2^24.
 *
 * The reference walks every edge in steps of 1/5 pixel along its longer axis and keeps the steps from 5X+2 to 5X+3; those alone are
 * computed here, from the same float64 expressions, so that a far vertex costs no more than a near one.
 */
export function columnCrossings(points: ArrayLike<number>, height: number, width: number): Uint32Array | undefined {
  const fine = Int32Array.from(points, (value) => SCALE * value + 0.5);
  const last = fine.length - 2;
  let total = 0;
  for (let i = 0; i <= last; i += 2) {
    const [first, end] = columnsOf(fine[i]!, fine[i < last ? i + 2 : 0]!, width);
    total += Math.max(0, end - first);
  }
  if (total > MOST_CROSSINGS) return undefined;
  const places = new Uint32Array(total);
  let length = 0;
  for (let i = 0; i <= last; i += 2) {
    const next = i < last ? i + 2 : 0;
    const edge: Edge = [fine[i]!, fine[i + 1]!, fine[next]!, fine[next + 1]!];
    length = crossEdge(edge, height, width, places, length);
  }
  return places;
}

type Edge = [x0: number, y0: number, x1: number, y1: number];

/** The columns whose middles lie between two abscissas: the first, and the one after the last. */
function columnsOf(x0: number, x1: number, width: number): [first: number, end: number] {
  const first = Math.max(0, Math.ceil((Math.min(x0, x1) - MIDDLE) / SCALE));
  return [first, Math.min(width, Math.floor((Math.max(x0, x1) - MIDDLE - 1) / SCALE) + 1)];
}

function crossEdge([x0, y0, x1, y1]: Edge, height: number, width: number, places: Uint32Array, length: number): number {
  const [first, end] = columnsOf(x0, x1, width);
  const [dx, dy] = [Math.abs(x1 - x0), Math.abs(y1 - y0)];
  const flat = dx >= dy;
  const backward = flat ? x0 > x1 : y0 > y1;
  const [startX, startY] = backward ? [x1, y1] : [x0, y0];
  const [endX, endY] = backward ? [x0, y0] : [x1, y1];
  const slope = flat ? (endY - startY) / dx : (endX - startX) / dy;
  for (let column = first; column < end; column++) {
    const middle = SCALE * column + MIDDLE;
    const y = flat ? lowerOfFlat(middle - startX, startY, slope) : startY + stepBeyond(middle, startX, slope) - 1;
    const pixel = Math.ceil(Math.min(Math.max((y + 0.5) / SCALE - 0.5, 0), height));
    places[length++] = column * height + pixel;
  }
  return length;
}

/** The smaller ordinate of the step that starts at `step`. */
function lowerOfFlat(step: number, start: number, slope: number): number {
  return Math.min(Math.trunc(start + slope * step + 0.5), Math.trunc(start + slope * (step + 1) + 0.5));
}

/** The first step of a steep edge whose abscissa lies on the other side of `middle` than the edge's start. */
function stepBeyond(middle: number, start: number, slope: number): number {
  const rising = slope > 0;
  let step = Math.ceil((middle + 0.5 - start) / slope);
  // The estimate is off by a step where the quotient was rounded.
  while (isRight(middle, start, slope, step) !== rising) step++;
  while (isRight(middle, start, slope, step - 1) === rising) step--;
  return step;
}

function isRight(middle: number, start: number, slope: number, step: number): boolean {
  return Math.trunc(start + slope * step + 0.5) > middle;
}
