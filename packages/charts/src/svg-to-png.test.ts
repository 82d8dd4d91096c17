import { describe, expect, it } from 'vitest';
import { lineChart } from './line-chart.ts';
import { pngSize } from './png-data-uri.ts';
import { svgToPng } from './svg-to-png.ts';
import { darkPixels } from './drawing.fixture.ts';
import { fontFamily } from './theme.ts';

const svgOf = (text: string, attributes = ''): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="200" height="40"><rect width="200" height="40" fill="white"/>` +
  `<text x="10" y="30" font-size="24" font-family="${fontFamily}" ${attributes}>${text}</text></svg>`;

describe('values', () => {
  it('scales', async () => {
    expect(pngSize(await svgToPng(svgOf('a'), { scale: 1 }))).toEqual({ width: 200, height: 40 });
    expect(pngSize(await svgToPng(svgOf('a')))).toEqual({ width: 400, height: 80 });
  });

  // Latin, Greek and Cyrillic are drawn without the machine's fonts, so these fail if the shipped ones are not found.
  it.each(['Accuracy', 'é', 'ß', 'ł', 'Ω', 'Я', '0', '%', '±', '−', '–', '…', '✓', '✗', '→', '≤', '√'])(
    'draws %s without a font of the machine',
    async (text) => {
      expect(darkPixels(await svgToPng(svgOf(text)))).toBeGreaterThan(10);
    },
  );

  it('draws text in any family, for no other is there', async () => {
    const svg = svgOf('Accuracy').replace(fontFamily, 'Comic Sans MS');
    expect(darkPixels(await svgToPng(svg))).toBe(darkPixels(await svgToPng(svgOf('Accuracy'))));
  });

  it('has a bolder cut for titles', async () => {
    const [regular, bold] = await Promise.all([svgToPng(svgOf('lll')), svgToPng(svgOf('lll', 'font-weight="600"'))]);
    expect(darkPixels(bold)).toBeGreaterThan(darkPixels(regular) * 1.15);
  });

  it('draws the words of a chart', async () => {
    const options = { x: '', y: '', series: [{ name: 'a', points: [[0, 0] as const, [1, 1] as const] }] };
    const [plain, titled] = await Promise.all([
      lineChart({ ...options, title: '' }).then((svg) => svgToPng(svg)),
      lineChart({ ...options, title: 'A title of some length' }).then((svg) => svgToPng(svg)),
    ]);
    expect(darkPixels(titled)).toBeGreaterThan(darkPixels(plain) + 500);
  });
});

describe('rejects', () => {
  it.each(['', 'no picture', '<svg', '<svg xmlns="http://www.w3.org/2000/svg"><text></svg>'])('%j', async (svg) => {
    await expect(svgToPng(svg)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringMatching(/^svgToPng: /),
    });
  });
});
