import { checkArgument } from '@covpool/base';
import type { TopLevelSpec } from 'vega-lite';
import { checkFinite, checkNames } from './check.ts';
import { niceScale } from './nice-scale.ts';
import { seriesColours } from './palette.ts';
import type { SeriesColours } from './palette.ts';
import { renderVega } from './render-vega.ts';
import { spread } from './spread.ts';
import { textWidth } from './text.ts';
import { muted, paper } from './theme.ts';

/** One line; a y of NaN leaves a gap. */
export interface Series {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
  dashed?: boolean;
}

export interface LineChartOptions {
  title: string;
  /** Titles of the axes, with their units. */
  x: string;
  y: string;
  series: readonly Series[];
  /** By default, colours in the order of the series. */
  colours?: SeriesColours;
  /** A level to compare with, drawn as a thin line across. */
  target?: { value: number; label: string };
  /** Ends of an axis, for charts that are to be compared; by default, as far as the values go. */
  xDomain?: readonly [number, number];
  yDomain?: readonly [number, number];
  /** The size of the plot and its labels in pixels, without the axes. */
  width?: number;
  height?: number;
}

/**
 * Lines over a common axis, such as training curves, as SVG. Each line carries its name at its end, so there is no legend to look up.
 *
 * ```ts
 * await lineChart({
 *   title: 'Validation accuracy',
 *   x: 'epoch',
 *   y: 'top-1 (%)',
 *   series: [{ name: 'isqrt', points: [[1, 48.2], [2, 57.9], [3, NaN], [4, 66.0]] }],
 * });
 * ```
 *
 * @throws `bad-argument` without a series, for two of one name, for a series without a point, or a value outside of a domain; `non-finite` for an infinite value
 * or an x of NaN.
 */
export async function lineChart(options: LineChartOptions): Promise<string> {
  const { title, x, y, series, target, xDomain, yDomain, width = 500, height = 280 } = options;
  const names = series.map(({ name }) => name);
  checkNames('lineChart', 'series', names);
  series.forEach(checkSeries);
  if (target) checkFinite('lineChart', () => 'target.value', target.value);
  const colours = options.colours ?? seriesColours(names);

  const finite = series.map(({ points }) =>
    points.filter(([, value]) => !Number.isNaN(value)).sort(([a], [b]) => a - b),
  );
  const xs = finite.flat().map(([at]) => at);
  const ys = finite.flat().map(([, value]) => value);
  const levels = target ? [...ys, target.value] : ys;
  checkInside('x', xs, xDomain);
  checkInside('y', levels, yDomain);
  const [left, right] = xDomain ?? [least(xs), greatest(xs)];
  const scale = niceScale(...(yDomain ?? ([least(levels), greatest(levels)] as const)));
  const whole = xs.every((at) => Number.isInteger(at));

  const plotWidth = Math.max(
    160,
    width - 16 - names.reduce((most, name) => Math.max(most, textWidth(name, 12, true)), 0),
  );
  const toPixel = (value: number): number =>
    height * (1 - (value - scale.domain[0]) / (scale.domain[1] - scale.domain[0]));
  const ends = finite.map((points, i) => ({ name: names[i]!, x: points.at(-1)![0], y: points.at(-1)![1] }));
  const labelAt = spread(
    ends.map((end) => toPixel(end.y)),
    16,
    0,
    height,
  );
  const labels = ends.map((end, i) => ({ ...end, from: toPixel(end.y), to: labelAt[i]! }));
  const leaders = labels.filter(({ x, from, to }) => Math.abs(from - to) > 3 || x < right);
  const pieces = series.flatMap(({ name, points, dashed = false }) =>
    splitAtGaps(points).map((piece, part) => piece.map(([x, y]) => ({ name, part, x, y, dashed }))),
  );

  const colour = {
    field: 'name',
    type: 'nominal',
    scale: { domain: names, range: names.map(colours) },
    legend: null,
  } as const;
  const atX = {
    field: 'x',
    type: 'quantitative',
    scale: left === right ? { domain: [left - 1, right + 1] } : { domain: [left, right], nice: false },
    axis: {
      title: x,
      grid: false,
      ...ticksAt(left, right, whole, plotWidth),
      labelFlush: false,
    },
  } as const;
  const atY = {
    field: 'y',
    type: 'quantitative',
    scale: { domain: scale.domain, nice: false },
    axis: { title: null, values: scale.ticks, format: scale.format, domain: false },
  } as const;
  const pixelY = (field: string): object => ({ field, type: 'quantitative', scale: null });

  const spec = {
    title: { text: title, subtitle: y },
    description: `${title}: ${y} over ${x}; ${names.join(', ')}`,
    width: plotWidth,
    height,
    layer: [
      ...(target
        ? [
            {
              data: { values: [{ y: target.value }] },
              mark: { type: 'rule', color: muted, strokeDash: [2, 3], strokeWidth: 1.2 },
              encoding: { y: atY },
            },
            // The first is a halo, so that grid lines do not cross the words.
            ...[{ stroke: paper, strokeWidth: 5, strokeJoin: 'round' }, {}].map((halo) => ({
              data: { values: [{ y: target.value, label: target.label }] },
              mark: {
                ...halo,
                type: 'text',
                align: 'left',
                baseline: 'bottom',
                dx: 6,
                dy: -4,
                color: muted,
                fontSize: 11.5,
              },
              encoding: { x: { value: 0 }, y: atY, text: { field: 'label' } },
            })),
          ]
        : []),
      {
        data: { values: pieces.flat() },
        mark: { type: 'line', strokeWidth: 2.2, strokeJoin: 'round', strokeCap: 'round' },
        encoding: {
          x: atX,
          y: atY,
          color: colour,
          detail: { field: 'part' },
          strokeDash: { condition: { test: 'datum.dashed', value: [5, 5] }, value: [1, 0] },
        },
      },
      {
        data: { values: pieces.filter((piece) => piece.length === 1).flat() },
        mark: { type: 'point', filled: true, opacity: 1, size: 34 },
        encoding: { x: atX, y: atY, color: colour },
      },
      {
        data: { values: leaders },
        mark: { type: 'rule', strokeWidth: 1, opacity: 0.45 },
        encoding: {
          x: atX,
          x2: { value: plotWidth + 9 },
          y: pixelY('from'),
          y2: { field: 'to' },
          color: colour,
        },
      },
      {
        data: { values: ends },
        mark: { type: 'point', filled: true, opacity: 1, size: 52, stroke: paper, strokeWidth: 1.5 },
        encoding: { x: atX, y: atY, fill: colour },
      },
      {
        data: { values: labels },
        mark: { type: 'text', align: 'left', baseline: 'middle', fontWeight: 600 },
        encoding: { x: { value: plotWidth + 12 }, y: pixelY('to'), text: { field: 'name' }, color: colour },
      },
    ],
  };
  return renderVega(spec as TopLevelSpec);
}

/** Every whole number if there is room, as for epochs. */
function ticksAt(left: number, right: number, whole: boolean, pixels: number): object {
  if (!whole) return { tickCount: Math.round(pixels / 80) };
  if (right - left >= pixels / 22) return { format: ',d', tickMinStep: 1, tickCount: Math.round(pixels / 80) };
  return { format: ',d', values: Array.from({ length: right - left + 1 }, (_, i) => left + i) };
}

function checkSeries({ name, points }: Series): void {
  checkArgument(
    points.some(([, value]) => !Number.isNaN(value)),
    () => `lineChart: every series needs a point that is a number, got none in '${name}'; leave the series out`,
  );
  points.forEach(([x, value], i) => {
    checkFinite('lineChart', () => `x of point ${i} in '${name}'`, x);
    if (!Number.isNaN(value)) checkFinite('lineChart', () => `y of point ${i} in '${name}' (NaN leaves a gap)`, value);
  });
}

function checkInside(axis: string, values: readonly number[], domain?: readonly [number, number]): void {
  if (!domain) return;
  const [low, high] = domain;
  const outside = values.find((value) => value < low || value > high);
  checkArgument(
    outside === undefined,
    () => `lineChart: every ${axis} must be within ${axis}Domain, ${low} to ${high}, got ${outside}`,
  );
}

/** The runs of points between gaps, in the order of x. */
function splitAtGaps(points: Series['points']): Series['points'][] {
  const pieces: [x: number, y: number][][] = [[]];
  for (const [x, y] of points.toSorted(([a], [b]) => a - b)) {
    if (Number.isNaN(y)) pieces.push([]);
    else pieces.at(-1)!.push([x, y]);
  }
  return pieces.filter((piece) => piece.length > 0);
}

function least(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
}

function greatest(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
}
