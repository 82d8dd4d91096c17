/** Vertices are rounded to this fraction of a pixel. */
const SCALE = 5;
/** The crossing that counts for pixel column X is that between SCALE·X + MIDDLE and the place after it. */
const MIDDLE = 2;

/**
 * Where the outline of a polygon passes the middles of the pixel columns, as places `x · height + y` of the first pixel below, clamped
 * to the column.
 *
 * The reference walks every edge in steps of 1/5 pixel along its longer axis and keeps the steps from 5X+2 to 5X+3; those alone are
 * computed here, from the same float64 expressions, so that a far vertex costs no more than a near one.
 */
export function columnCrossings(points: ArrayLike<number>, height: number, width: number): number[] {
  const corners = points.length >> 1;
  const fine = Array.from({ length: points.length }, (_, i) => Math.trunc(SCALE * points[i]! + 0.5));
  const places: number[] = [];
  for (let i = 0; i < corners; i++) {
    const next = i + 1 < corners ? i + 1 : 0;
    crossEdge([fine[2 * i]!, fine[2 * i + 1]!, fine[2 * next]!, fine[2 * next + 1]!], height, width, places);
  }
  return places;
}

function crossEdge([x0, y0, x1, y1]: [number, number, number, number], height: number, width: number, to: number[]) {
  const first = Math.max(0, Math.ceil((Math.min(x0, x1) - MIDDLE) / SCALE));
  const last = Math.min(width - 1, Math.floor((Math.max(x0, x1) - MIDDLE - 1) / SCALE));
  const [dx, dy] = [Math.abs(x1 - x0), Math.abs(y1 - y0)];
  const flat = dx >= dy;
  const backward = flat ? x0 > x1 : y0 > y1;
  const [startX, startY] = backward ? [x1, y1] : [x0, y0];
  const [endX, endY] = backward ? [x0, y0] : [x1, y1];
  const slope = flat ? (endY - startY) / dx : (endX - startX) / dy;
  for (let column = first; column <= last; column++) {
    const middle = SCALE * column + MIDDLE;
    const y = flat ? lowerOfFlat(middle - startX, startY, slope) : startY + stepBeyond(middle, startX, slope) - 1;
    const pixel = Math.ceil(Math.min(Math.max((y + 0.5) / SCALE - 0.5, 0), height));
    to.push(column * height + pixel);
  }
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
