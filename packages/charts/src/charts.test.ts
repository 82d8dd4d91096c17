import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barChart } from './bar-chart.ts';
import { confusionMatrix } from './confusion-matrix.ts';
import { heatmap } from './heatmap.ts';
import { lineChart } from './line-chart.ts';
import { palette, seriesColours } from './palette.ts';
import { svgToPng } from './svg-to-png.ts';
import { pixelsOfPng } from './test-pixels.ts';

const axes = { title: 'Accuracy', x: 'epoch', y: 'top-1 (%)' };
const texts = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)/g)].map((match) => match[1]!);
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
    expect(texts(svg)).toEqual(expect.arrayContaining(['Accuracy', 'epoch', 'top-1 (%)', 'GAP', 'iSQRT']));
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

  it('draws the target with its label', async () => {
    const svg = await lineChart({ ...axes, series: [gap], target: { value: 65, label: 'final GAP' } });
    expect(texts(svg)).toContain('final GAP');
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

describe('barChart', () => {
  it('prints names, values and errors', async () => {
    const svg = await barChart({
      title: 'T',
      x: 'ms',
      bars: [
        { name: 'a', value: 70.25, error: 0.4 },
        { name: 'b', value: -3 },
      ],
    });
    expect(texts(svg)).toEqual(expect.arrayContaining(['a', 'b', '70.3 ± 0.4', '−3.0', 'ms']));
  });

  it('draws bars that are all zero', async () => {
    expect(await barChart({ title: 'T', x: 'ms', bars: [{ name: 'a', value: 0 }] })).not.toMatch(/NaN/);
  });

  it.each([
    ['no bar', [], /at least one bar/],
    ['NaN', [{ name: 'a', value: NaN }], /the value of 'a' must be a finite number/],
    ['a negative error', [{ name: 'a', value: 1, error: -1 }], /errors must be at least 0, got -1/],
    [
      'two of one name',
      [
        { name: 'a', value: 1 },
        { name: 'a', value: 2 },
      ],
      /got 'a' twice/,
    ],
  ])('rejects %s', async (_, bars, message) => {
    await expect(barChart({ title: 'T', x: 'ms', bars })).rejects.toThrow(message);
  });
});

describe('confusionMatrix', () => {
  it('prints counts and recalls', async () => {
    const svg = await confusionMatrix({
      title: 'T',
      classes: ['cat', 'dog'],
      counts: [
        [17, 3],
        [0, 0],
      ],
    });
    expect(texts(svg)).toEqual(
      expect.arrayContaining(['17', '3', '0', 'cat', 'dog', '85%', '–', 'true class', 'predicted class']),
    );
  });

  it('colours by the share of the row', async () => {
    const draw = (counts: number[][]): Promise<string> =>
      confusionMatrix({ title: 'T', classes: ['cat', 'dog'], counts });
    const fills = (svg: string): string[] =>
      [...svg.matchAll(/<path [^>]*fill="(rgb[^"]*|#[^"]*)"/g)].map((match) => match[1]!);
    expect(
      fills(
        await draw([
          [1, 1],
          [0, 4],
        ]),
      ),
    ).toEqual(
      fills(
        await draw([
          [500, 500],
          [0, 1],
        ]),
      ),
    );
    expect(
      fills(
        await draw([
          [1, 1],
          [0, 4],
        ]),
      ),
    ).not.toEqual(
      fills(
        await draw([
          [2, 1],
          [0, 4],
        ]),
      ),
    );
  });

  it.each([6, 20])('fits the counts of %i classes into their cells', async (classes) => {
    const counts = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 888));
    const svg = await confusionMatrix({ title: 'T', classes: counts.map((_, i) => `class ${i}`), counts });
    const size = Number(svg.match(/<text[^>]*font-size="([\d.]+)px"[^>]*>888/)![1]);
    const side = Number(svg.match(/width="([\d.]+)"/)![1]) / (classes + 3);
    expect(size).toBeGreaterThanOrEqual(11);
    expect(size * 0.62 * 3).toBeLessThan(side);
  });

  it.each([
    ['ragged counts', [[1, 2], [3]], /as many columns as the first \(2\), got 1 in row 1/],
    ['too few rows', [[1, 2]], /counts must be \[2,2\], got \[1,2\]/],
    [
      'a negative count',
      [
        [1, -2],
        [3, 4],
      ],
      /at least 0, got -2 at \[0\]\[1\]/,
    ],
    [
      'NaN',
      [
        [1, NaN],
        [3, 4],
      ],
      /entry \[0\]\[1\] must be a finite number/,
    ],
  ])('rejects %s', async (_, counts, message) => {
    await expect(confusionMatrix({ title: 'T', classes: ['a', 'b'], counts })).rejects.toThrow(message);
  });
});

describe('heatmap', () => {
  const draw = (matrix: ArrayLike<number>[], size?: number): Promise<string> =>
    heatmap({ title: 'Covariance', x: 'channel', y: 'channel', value: 'covariance', matrix, size });

  it('is blue below zero, white at it and red above, to both sides alike', async () => {
    const svg = await draw([[-2, 0, 1]], 90);
    expect(texts(svg)).toEqual(expect.arrayContaining(['Covariance', 'channel', 'covariance', '2', '0', '−2', '3']));
    const { data, width } = pixelsOfPng(await svgToPng(svg, { scale: 1 }));
    const at = (x: number): number[] => [...data.subarray((75 * width + x) * 4, (75 * width + x) * 4 + 3)];
    expect(at(64 + 15)).toEqual([14, 72, 130]);
    expect(at(64 + 45)).toEqual([247, 247, 245]);
    expect(at(64 + 75)[0]! - at(64 + 75)[2]!).toBeGreaterThan(60);
  });

  it('takes typed rows, a matrix of zeros, and one larger than its plot', async () => {
    expect(await draw([new Float32Array(3)])).not.toMatch(/NaN/);
    expect(
      (
        await draw(
          Array.from({ length: 400 }, () => new Float32Array(400)),
          300,
        )
      ).length,
    ).toBeLessThan(50_000);
  });

  it.each([
    ['an empty matrix', [], /at least one row and one column/],
    ['a ragged one', [[1, 2], [3]], /got 1 in row 1/],
    ['an infinity', [[1, -Infinity]], /entry \[0\]\[1\] must be a finite number, got -Infinity/],
  ])('rejects %s', async (_, matrix, message) => {
    await expect(draw(matrix)).rejects.toThrow(message);
  });
});

describe('any text', () => {
  it('ends up as text: every chart stays a well-formed SVG', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 12 }), async (word) => {
        const [a, b] = [`${word}a`, `${word}b`];
        const charts = [
          lineChart({
            title: word,
            x: word,
            y: word,
            series: [{ name: a, points: [[0, 1]] }],
            target: { value: 1, label: word },
          }),
          barChart({ title: word, x: word, bars: [{ name: a, value: 1 }] }),
          confusionMatrix({
            title: word,
            classes: [a, b],
            counts: [
              [1, 0],
              [0, 1],
            ],
          }),
          heatmap({ title: word, x: word, y: word, value: word, matrix: [[1]], size: 8 }),
        ];
        for (const svg of await Promise.all(charts))
          expect((await svgToPng(svg, { scale: 0.2 })).length).toBeGreaterThan(100);
      }),
      { numRuns: 25, examples: [['<script>&amp;"\'']], seed: 7 },
    );
  });
});
