import { type BilinearAxis, bilinearAxis, bilinearGrid, emptyAxis } from './bilinear-axis.ts';
import type { Boxes, PictureSize } from './boxes.ts';
import type { Conventions } from './conventions.ts';

/** The part of a picture that a pasted mask can reach, and the mask's values there, row by row. */
export interface MaskWindow {
  left: number;
  top: number;
  width: number;
  height: number;
  values: Float32Array;
}

/** An axis of the window: its first pixel, and where in the mask its pixels are. */
interface WindowAxis {
  start: number;
  points: BilinearAxis;
}

/** The values of a mask, S to a row, pasted into a box of a picture (`pasteMask`). */
export function maskWindow(
  mask: Float32Array,
  box: Boxes,
  [height, width]: PictureSize,
  paste: Conventions['maskPaste'],
): MaskWindow {
  const framed = paste === 'box' ? mask : withFrame(mask);
  const side = Math.sqrt(framed.length);
  const axis = (low: number, high: number, extent: number): WindowAxis => {
    if (paste === 'grid') return sampledAxis(low, high, extent, side - 2);
    const [from, to] = paste === 'box' ? [low, high] : grown(low, high, side / (side - 2));
    return resizedAxis(Math.trunc(from), Math.trunc(to), extent, side);
  };
  const rows = axis(box[1]!, box[3]!, height);
  const columns = axis(box[0]!, box[2]!, width);
  return {
    left: columns.start,
    top: rows.start,
    width: columns.points.low.length,
    height: rows.points.low.length,
    values: bilinearGrid(framed, side, rows.points, columns.points),
  };
}

/** Pixels whose centres are less than one mask value outside the box, in a mask of `side` values and a frame of zeros. */
function sampledAxis(low: number, high: number, extent: number, side: number): WindowAxis {
  const size = high - low;
  if (!(size > 0)) return { start: 0, points: emptyAxis(0) };
  const reach = size / side / 2;
  const start = Math.max(Math.ceil(low - reach - 0.5), 0);
  const end = Math.min(Math.floor(high + reach - 0.5), extent - 1);
  const points = emptyAxis(Math.max(end - start + 1, 0));
  for (let i = 0; i < points.low.length; i++) {
    const at = ((start + i + 0.5 - low) / size) * side + 0.5;
    points.low[i] = Math.min(Math.max(Math.floor(at), 0), side);
    points.high[i] = points.low[i]! + 1;
    points.fraction[i] = Math.min(Math.max(at - points.low[i]!, 0), 1);
  }
  return { start, points };
}

/** The pixels of a box of whole pixels that are in the picture. */
function resizedAxis(low: number, high: number, extent: number, side: number): WindowAxis {
  const size = Math.max(high - low + 1, 1);
  const [start, end] = [Math.max(low, 0), Math.min(low + size, extent)];
  return { start, points: bilinearAxis(side, size, start - low, end - low) };
}

/** The mask with a frame of zeros. */
function withFrame(mask: Float32Array): Float32Array {
  const side = Math.sqrt(mask.length);
  const framed = new Float32Array((side + 2) ** 2);
  for (let i = 0; i < side; i++) framed.set(mask.subarray(i * side, (i + 1) * side), (i + 1) * (side + 2) + 1);
  return framed;
}

/** A box as much larger as its frame makes the mask, in float32 as the reference has it: what follows is cut to whole numbers. */
function grown(low: number, high: number, factor: number): [number, number] {
  const { fround } = Math;
  const half = fround(fround(fround(high - low) * 0.5) * fround(factor));
  const centre = fround(fround(high + low) * 0.5);
  return [fround(centre - half), fround(centre + half)];
}
