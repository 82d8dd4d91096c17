import { describe, expect, it } from 'vitest';
import { confusionMatrix } from './confusion-matrix.ts';
import { textsOf } from './drawing.fixture.ts';

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
    expect(textsOf(svg)).toEqual(
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
