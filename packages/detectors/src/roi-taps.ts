import { axisTaps, type AxisTaps } from './axis-taps.ts';
import type { Conventions } from './conventions.ts';
import type { Boxes } from './boxes.ts';

/** How bins of boxes are made of features: rows and columns of each box. */
export interface RoiTaps {
  /** Of the features, [B,H,W,C]. */
  shape: readonly [number, number, number, number];
  /** Bins down and right. */
  size: readonly [height: number, width: number];
  pictures: Int32Array;
  rows: AxisTaps[];
  columns: AxisTaps[];
}

/** The choices of `roiAlign` that say where samples are. */
export type SamplingRule = Conventions['roiAlign'] & Pick<Conventions, 'extent'>;

/** The taps of one axis of a box that goes from `low` to `high` pixels. */
export function boxAxisTaps(
  low: number,
  high: number,
  scale: number,
  bins: number,
  positions: number,
  rule: SamplingRule,
): AxisTaps {
  const start = low * scale - (rule.aligned ? 0.5 : 0);
  const length = (high + rule.extent - low) * scale;
  const atLeast = rule.minSize === undefined ? length : Math.max(length, rule.minSize);
  return axisTaps(start, atLeast, bins, rule.samplingRatio, positions);
}

/** The taps of each box, both axes. Cost: linear in boxes, bins and samples of an axis. */
export function roiTaps(
  shape: readonly [number, number, number, number],
  { boxes, pictures }: { boxes: Boxes; pictures: Int32Array },
  size: readonly [height: number, width: number],
  scale: number,
  rule: SamplingRule,
): RoiTaps {
  const rows: AxisTaps[] = [];
  const columns: AxisTaps[] = [];
  for (let at = 0; at < boxes.length; at += 4) {
    rows.push(boxAxisTaps(boxes[at + 1]!, boxes[at + 3]!, scale, size[0], shape[1], rule));
    columns.push(boxAxisTaps(boxes[at]!, boxes[at + 2]!, scale, size[1], shape[2], rule));
  }
  return { shape, size, pictures, rows, columns };
}
