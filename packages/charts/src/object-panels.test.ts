import { describe, expect, it } from 'vitest';
import { objectPanels } from './object-panels.ts';
import type { MarkedObject } from './object-panels.ts';
import { precisionRecall } from './precision-recall.ts';
import { svgToPng } from './svg-to-png.ts';
import { pixelsOfPng, textsOf } from './drawing.fixture.ts';

const grey = (width: number, height: number) => ({ width, height, data: new Uint8Array(width * height * 3).fill(128) });
const picture = grey(80, 60);
const draw = (objects: MarkedObject[], more = {}) => objectPanels({ panels: [{ picture, objects }], ...more });

describe('objectPanels', () => {
  it('draws boxes, names and scores to scale', async () => {
    const svg = await draw(
      [
        { label: 'a<b', box: [10, 20, 40, 50], score: 0.987 },
        { label: 'c', box: [0, 0, 10, 10], score: 0.5 },
      ],
      { width: 160 },
    );
    expect(svg).toContain('x="20" y="40" width="60" height="60"');
    expect(svg).toContain('a&lt;b 99%');
    expect(svg).not.toContain('c 50%'); // too small for words
    expect(svg).toContain('width="160" height="120" viewBox');
  });

  it('leaves the name out where there is only one', async () => {
    const svg = await draw([{ label: 'nucleus', box: [0, 0, 60, 50], score: 0.5 }]);
    expect(svg).toContain('>50%<');
    expect(svg).not.toContain('nucleus');
  });

  it('moves a label that would cover another', async () => {
    const twins = [0.93, 0.66].map((score) => ({ label: 'x', box: [10, 20, 60, 50] as const, score }));
    const labels = (await draw(twins)).match(/<text x="[\d.]+" y="[\d.]+" font-size="11"/g)!;
    expect(labels).toHaveLength(2);
    expect(labels[0]).toContain('x="13" y="16"'); // above its box, on the left
    expect(labels[1]).not.toBe(labels[0]);
  });

  it('tints masks and keeps what is outside of them', async () => {
    const mask = new Uint8Array(80 * 60);
    for (let y = 20; y < 40; y++) mask.fill(1, y * 80 + 30, y * 80 + 50);
    const colours = () => '#ff0000';
    const objects = [{ label: 'x', box: [0, 0, 80, 60] as const, mask }];
    const { data } = pixelsOfPng(await svgToPng(await draw(objects, { colours }), { scale: 1 }));
    const pixel = (x: number, y: number) => [...data.subarray((y * 80 + x) * 4, (y * 80 + x) * 4 + 3)];
    expect(pixel(40, 30)).toEqual([Math.floor(128 * 0.65 + 255 * 0.35), 83, 83]);
    expect(pixel(15, 30)).toEqual([128, 128, 128]);
    expect(pixel(30, 30)).toEqual([255, 0, 0]);
  });

  it('puts panels of several sizes into rows', async () => {
    const panels = [picture, grey(60, 80), picture].map((each, i) => ({
      heading: `p${i}`,
      picture: each,
      objects: [],
    }));
    const svg = await objectPanels({ panels, width: 80 });
    expect(svg.match(/<image/g)).toHaveLength(3);
    expect(svg).toContain('>p2</text>');
    await svgToPng(svg);
  });

  it('refuses what cannot be drawn', async () => {
    await expect(objectPanels({ panels: [] })).rejects.toThrow('at least one panel is required');
    await expect(draw([{ label: 'x', box: [0, 0, NaN, 1] }])).rejects.toThrow("the box of 'x' must be a finite number");
    await expect(draw([{ label: 'x', box: [0, 0, 1, 1], mask: new Uint8Array(3) }])).rejects.toThrow(
      "a mask needs 4800 values like its picture, got 3 for 'x'",
    );
  });
});

describe('precisionRecall', () => {
  it('draws a line as far as a recall is reached', async () => {
    const precision = Float64Array.from({ length: 101 }, (_, i) => (i <= 80 ? 1 - i / 200 : 0));
    const svg = await precisionRecall({
      title: 'At IoU 0.5',
      curves: [
        { name: 'WBC', precision },
        { name: 'none', precision: new Float64Array(101) },
      ],
    });
    expect(svg).toContain('recall (%)');
    expect(svg).toContain('WBC');
    // Both axes whole, although the lines end at 80 and 60: else charts beside each other mislead.
    const texts = textsOf(svg);
    expect(texts.filter((text) => text === '0')).toHaveLength(2);
    expect(texts.filter((text) => text === '100')).toHaveLength(2);
  });

  it.each([
    [[1], 'at least two values'],
    [[1, 2], "precision must be in 0…1, got 2 in 'a'"],
    [[1, NaN], 'got NaN'],
  ])('refuses %o', async (precision, message) => {
    await expect(precisionRecall({ title: '', curves: [{ name: 'a', precision }] })).rejects.toThrow(message);
  });
});
