import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barChart } from './bar-chart.ts';
import { confusionMatrix } from './confusion-matrix.ts';
import { heatmap } from './heatmap.ts';
import { lineChart } from './line-chart.ts';
import { svgToPng } from './svg-to-png.ts';

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
