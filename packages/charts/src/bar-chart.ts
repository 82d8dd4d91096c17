import type { TopLevelSpec } from 'vega-lite';
import { checkArgument } from '@covpool/base';
import { checkFinite, checkNames } from './check.ts';
import { palette } from './palette.ts';
import type { SeriesColours } from './palette.ts';
import { renderVega } from './render-vega.ts';
import { formatAlike, textWidth } from './text.ts';
import { ink, muted } from './theme.ts';

export interface Bar {
  name: string;
  value: number;
  /** Drawn as a whisker to both sides, such as a standard deviation over seeds. */
  error?: number;
}

export interface BarChartOptions {
  title: string;
  /** What the bars measure, with its unit. */
  x: string;
  bars: readonly Bar[];
  /** By default, all bars have one colour. */
  colours?: SeriesColours;
  /** The length of the axis in pixels. */
  width?: number;
}

/**
 * Horizontal bars from zero, each with its name and value, in the order given, as SVG.
 *
 * @throws `bad-argument` without a bar, for two of one name, or for a negative error; `non-finite` for a value that is no number.
 */
export async function barChart({ title, x, bars, colours, width = 400 }: BarChartOptions): Promise<string> {
  const names = bars.map(({ name }) => name);
  checkNames('barChart', 'bar', names);
  for (const { name, value, error = 0 } of bars) {
    checkFinite('barChart', () => `the value of '${name}'`, value);
    checkFinite('barChart', () => `the error of '${name}'`, error);
    checkArgument(error >= 0, () => `barChart: errors must be at least 0, got ${error} for '${name}'`);
  }
  const format = formatAlike(bars.map(({ value }) => value));
  const values = bars.map(({ name, value, error }) => ({
    name,
    value,
    low: value - (error ?? 0),
    high: value + (error ?? 0),
    label: error === undefined ? format(value) : `${format(value)} ± ${format(error)}`,
  }));
  // Room beyond the longest bars for their labels.
  const room = (sign: number): number =>
    values.reduce((most, { value, label }) => (value * sign > 0 ? Math.max(most, textWidth(label, 12) + 10) : most), 0);
  const low = values.reduce((least, bar) => Math.min(least, bar.low), 0);
  const high = values.reduce((most, bar) => Math.max(most, bar.high), 0);
  const unit = (high - low || 1) / Math.max(width - room(1) - room(-1), width / 3);
  const domain = [low - room(-1) * unit, Math.max(high, low + unit) + room(1) * unit];
  const atY = {
    field: 'name',
    type: 'nominal',
    sort: null,
    scale: { paddingInner: 0.32, paddingOuter: 0.16 },
    axis: { title: null, domain: false, labelColor: ink, labelFontSize: 12.5, labelLimit: 240 },
  } as const;
  const atX = {
    field: 'value',
    type: 'quantitative',
    scale: { domain, nice: false },
    axis: { title: x, tickCount: 5, domain: false, grid: false, labelFlush: false, format: '~s' },
  } as const;
  const spec = {
    title: { text: title },
    description: `${title}: ${values.map(({ name, label }) => `${name} ${label}`).join(', ')} (${x})`,
    width,
    height: { step: 34 },
    data: { values },
    layer: [
      {
        mark: { type: 'bar', cornerRadius: 2 },
        encoding: {
          y: atY,
          x: atX,
          color: {
            field: 'name',
            type: 'nominal',
            scale: { domain: names, range: names.map(colours ?? (() => palette[0]!)) },
            legend: null,
          },
        },
      },
      { mark: { type: 'rule', color: muted }, encoding: { x: { ...atX, field: undefined, datum: 0 } } },
      {
        transform: [{ filter: 'datum.high > datum.low' }],
        mark: { type: 'rule', color: ink, strokeWidth: 1.4 },
        encoding: { y: atY, x: { ...atX, field: 'low' }, x2: { field: 'high' } },
      },
      ...([true, false].map((positive) => ({
        transform: [{ filter: positive ? 'datum.value >= 0' : 'datum.value < 0' }],
        mark: { type: 'text', align: positive ? 'left' : 'right', baseline: 'middle', dx: positive ? 7 : -7 },
        encoding: { y: atY, x: { ...atX, field: positive ? 'high' : 'low' }, text: { field: 'label' } },
      })) as object[]),
    ],
  };
  return renderVega(spec as TopLevelSpec);
}
