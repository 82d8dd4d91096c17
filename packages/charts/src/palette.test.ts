import { describe, expect, it } from 'vitest';
import { palette, seriesColours } from './palette.ts';

type Rgb = [number, number, number];

const linear = (hex: string): Rgb =>
  [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as Rgb;

const times = (m: readonly Rgb[], v: Rgb): Rgb => m.map((row) => row[0] * v[0] + row[1] * v[1] + row[2] * v[2]) as Rgb;

/** Viénot, Brettel & Mollon 1999, on linear RGB. */
const seenWith: Record<string, readonly Rgb[]> = {
  'full colour vision': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.11238, 0.88762, 0],
    [0.11238, 0.88762, 0],
    [0.00401, -0.00401, 1],
  ],
  deuteranopia: [
    [0.29275, 0.70725, 0],
    [0.29275, 0.70725, 0],
    [-0.02234, 0.02234, 1],
  ],
};

function lab(rgb: Rgb): Rgb {
  const xyz = times(
    [
      [0.4124, 0.3576, 0.1805],
      [0.2126, 0.7152, 0.0722],
      [0.0193, 0.1192, 0.9505],
    ],
    rgb,
  );
  const [x, y, z] = xyz.map((v, i) => {
    const t = v / [0.9505, 1, 1.089][i]!;
    return t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116;
  }) as Rgb;
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const luminance = (hex: string): number => times([[0.2126, 0.7152, 0.0722]], linear(hex))[0];

describe('values', () => {
  it('gives colours in the order of the names', () => {
    const colours = seriesColours(['gap', 'isqrt', 'gap']);
    expect([colours('gap'), colours('isqrt')]).toEqual([palette[0], palette[1]]);
  });

  it('begins again after the last', () => {
    const names = Array.from({ length: 9 }, (_, i) => `seed ${i}`);
    expect(seriesColours(names)('seed 8')).toBe(palette[0]);
  });
});

describe('properties', () => {
  it.each(palette)('%s has a contrast of 3 on white, as WCAG asks of graphics', (hex) => {
    expect(1.05 / (luminance(hex) + 0.05)).toBeGreaterThanOrEqual(3);
  });

  it.each(Object.keys(seenWith))('all differ for %s', (vision) => {
    const seen = palette.map((hex) => lab(times(seenWith[vision]!, linear(hex))));
    const distances = seen.flatMap((a, i) =>
      seen.slice(i + 1).map((b) => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2])),
    );
    expect(Math.min(...distances)).toBeGreaterThanOrEqual(12);
  });
});

describe('rejects', () => {
  it('a name that was not given', () => {
    expect(() => seriesColours(['gap'])('cov')).toThrow("seriesColours: unknown series 'cov'; known: gap");
  });
});
