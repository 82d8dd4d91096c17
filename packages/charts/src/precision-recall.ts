import { checkArgument } from '@covpool/base';
import { lineChart } from './line-chart.ts';
import type { SeriesColours } from './palette.ts';

export interface PrecisionRecallCurve {
  name: string;
  /** At recalls that divide 0…1 evenly, both ends included; 0 where a recall is not reached. */
  precision: ArrayLike<number>;
}

export interface PrecisionRecallOptions {
  title: string;
  curves: readonly PrecisionRecallCurve[];
  colours?: SeriesColours;
}

/**
 * Precision over recall as SVG, both from 0 to 100 per cent, so that charts compare and the area below a line is the average. A line ends
 * at the largest recall that is reached; a detector that finds nothing has a point at the origin.
 *
 * @throws `bad-argument` without a curve, for one with fewer than two values, or with a value outside 0…1.
 */
export async function precisionRecall({ title, curves, colours }: PrecisionRecallOptions): Promise<string> {
  for (const { name, precision } of curves) {
    checkArgument(
      precision.length >= 2,
      () => `precisionRecall: a curve needs at least two values, got ${precision.length} in '${name}'`,
    );
    const wrong = Array.from(precision).find((value) => !(value >= 0 && value <= 1));
    checkArgument(wrong === undefined, () => `precisionRecall: precision must be in 0…1, got ${wrong} in '${name}'`);
  }
  return lineChart({
    title,
    x: 'recall (%)',
    y: 'precision (%)',
    xDomain: [0, 100],
    yDomain: [0, 100],
    series: curves.map(({ name, precision }) => ({ name, points: pointsOf(precision) })),
    ...(colours ? { colours } : {}),
  });
}

function pointsOf(precision: ArrayLike<number>): [recall: number, precision: number][] {
  const last = precision.length - 1;
  const points = Array.from(precision, (value, i): [number, number] => [(100 * i) / last, 100 * value]);
  const reached = points.filter(([, value]) => value > 0);
  return reached.length > 0 ? reached : [[0, 0]];
}
