import { describe, expect, it } from 'vitest';
import { textsOf } from './drawing.fixture.ts';
import { lineChart } from './line-chart.ts';
import { palette, seriesColours } from './palette.ts';

const axes = { title: 'Accuracy', x: 'epoch', y: 'top-1 (%)' };
const linePaths = (svg: string, colour: string): string[] =>
  [...svg.matchAll(/<path [^>]*d="(M[^"]*L[^"]*)"[^>]*>/g)].filter(([tag]) => tag.includes(colour)).map((m) => m[1]!);

describe('lineChart', () => {
  const gap = {
    name: 'GAP',
    points: [
      [1, 40],
      [2, 55],
      [3, 60],
    ] as const,
  };

  it('names every line at its end, in its colour', async () => {
    const svg = await lineChart({
      ...axes,
      series: [
        gap,
        {
          name: 'iSQRT',
          points: [
            [1, 50],
            [3, 70],
          ],
        },
      ],
    });
    expect(textsOf(svg)).toEqual(expect.arrayContaining(['Accuracy', 'epoch', 'top-1 (%)', 'GAP', 'iSQRT']));
    for (const [i, name] of ['GAP', 'iSQRT'].entries()) {
      expect(svg.match(new RegExp(`<text[^>]*>${name}`))![0]).toContain(palette[i]);
      expect(linePaths(svg, palette[i]!)).toHaveLength(1);
    }
  });

  it('keeps a colour when other series are left out', async () => {
    const colours = seriesColours(['cov', 'GAP']);
    expect(linePaths(await lineChart({ ...axes, series: [gap], colours }), palette[1]!)).toHaveLength(1);
  });

  it('breaks a line at NaN', async () => {
    const points = [
      [1, 1],
      [2, 2],
      [3, NaN],
      [4, 3],
      [5, 4],
    ] as const;
    expect(linePaths(await lineChart({ ...axes, series: [{ name: 'a', points }] }), palette[0]!)).toHaveLength(2);
  });

  it('sorts points by x', async () => {
    const backwards = { name: 'GAP', points: gap.points.toReversed() };
    expect(await lineChart({ ...axes, series: [backwards] })).toBe(await lineChart({ ...axes, series: [gap] }));
  });

  it('draws an axis as far as it is told, and refuses what lies outside', async () => {
    const texts = textsOf(await lineChart({ ...axes, series: [gap], xDomain: [0, 10], yDomain: [0, 100] }));
    expect(texts).toEqual(expect.arrayContaining(['0', '10', '100']));
    await expect(lineChart({ ...axes, series: [gap], yDomain: [0, 50] })).rejects.toThrow(
      'lineChart: every y must be within yDomain, 0 to 50, got 55',
    );
  });

  it('draws the target with its label', async () => {
    const svg = await lineChart({ ...axes, series: [gap], target: { value: 65, label: 'final GAP' } });
    expect(textsOf(svg)).toContain('final GAP');
  });

  it('draws a single point, a constant and huge values', async () => {
    for (const points of [
      [[1, 42]],
      [
        [1, 0],
        [2, 0],
      ],
      [
        [0, 1e12],
        [1, -1e12],
      ],
      [
        [0, 1e-9],
        [0.5, 2e-9],
      ],
    ] as const) {
      const svg = await lineChart({ ...axes, series: [{ name: 'a', points }] });
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
  });

  it.each([
    ['no series', [], /at least one series is required/],
    ['a series without points', [{ name: 'a', points: [] }], /a point that is a number, got none in 'a'/],
    ['a series of gaps', [{ name: 'a', points: [[1, NaN]] as const }], /got none in 'a'/],
    [
      'an infinite value',
      [
        {
          name: 'a',
          points: [
            [1, 2],
            [2, Infinity],
          ] as const,
        },
      ],
      /y of point 1 in 'a'.*got Infinity/,
    ],
    ['an x of NaN', [{ name: 'a', points: [[NaN, 2]] as const }], /x of point 0 in 'a'/],
    ['two of one name', [gap, gap], /got 'GAP' twice/],
  ])('rejects %s', async (_, series, message) => {
    await expect(lineChart({ ...axes, series })).rejects.toThrow(message);
  });
});
