import { Random } from '@covpool/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crop } from './crop.ts';
import { drawPart, randomResizedCrop } from './random-resized-crop.ts';
import { resize } from './resize.ts';
import { mapPicture } from './testing.fixture.ts';

const side = fc.integer({ min: 1, max: 300 });
const RATIO = [3 / 4, 4 / 3] as const;

describe('randomResizedCrop: values', () => {
  it('scales the part that was drawn, without what lies around it', () => {
    const picture = mapPicture(128, 96, 7);
    const { left, top, width, height } = drawPart(128, 96, new Random(5), [0.08, 1], RATIO);
    expect(randomResizedCrop(picture, new Random(5), { size: 32 })).toEqual(
      resize(crop(picture, left, top, width, height), 32, 32),
    );
  });

  it.each([
    [400, 10, { left: 193, top: 0, width: 13, height: 10 }],
    [10, 400, { left: 0, top: 193, width: 10, height: 13 }],
  ])('falls back to the centre of %sx%s', (width, height, part) => {
    expect(drawPart(width, height, new Random(1), [1, 1], RATIO)).toEqual(part);
  });
});

describe('randomResizedCrop: properties', () => {
  it('stays inside the picture', () => {
    fc.assert(
      fc.property(side, side, fc.nat(), (w, h, seed) => {
        const { left, top, width, height } = drawPart(w, h, new Random(seed), [0.08, 1], RATIO);
        expect(Math.min(left, top, width - 1, height - 1)).toBeGreaterThanOrEqual(0);
        expect(left + width).toBeLessThanOrEqual(w);
        expect(top + height).toBeLessThanOrEqual(h);
      }),
    );
  });

  it('draws areas and aspect ratios over their whole range', () => {
    const parts = Array.from({ length: 2000 }, (_, i) => drawPart(1000, 1000, new Random(i), [0.25, 0.5], RATIO));
    const areas = parts.map(({ width, height }) => (width * height) / 1e6);
    const ratios = parts.map(({ width, height }) => Math.log(width / height) / Math.log(4 / 3));
    // One pixel more or less on a side of 430 changes an area of 0.25 by 0.0006.
    expect(Math.min(...areas)).toBeGreaterThan(0.25 - 0.001);
    expect(Math.max(...areas)).toBeLessThan(0.5 + 0.001);
    // Uniform means; five standard errors: 5 * 0.25 / sqrt(12 * 2000) and 5 * 2 / sqrt(12 * 2000).
    const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
    expect(Math.abs(mean(areas) - 0.375)).toBeLessThan(0.0081);
    expect(Math.abs(mean(ratios))).toBeLessThan(0.065);
  });
});
