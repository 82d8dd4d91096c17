import { Random } from '@covpool/base';
import { describe, expect, it } from 'vitest';
import { adjustBrightness, adjustContrast, adjustSaturation, colorJitter } from './color-jitter.ts';
import { fromGolden, readGolden } from './goldens/read-golden.fixture.ts';
import type { GoldenPicture } from './goldens/read-golden.fixture.ts';

const adjustments = { brightness: adjustBrightness, contrast: adjustContrast, saturation: adjustSaturation };

interface Golden {
  source: GoldenPicture;
  cases: (GoldenPicture & { name: keyof typeof adjustments; factor: number })[];
}

const golden = readGolden<Golden>('adjust');
const source = fromGolden(golden.source);

describe('colorJitter: values', () => {
  it.each(golden.cases)('$name by $factor is PIL to the bit', ({ name, factor, data }) => {
    expect(Buffer.from(adjustments[name](source, factor).data).toString('base64')).toBe(data);
  });
});

describe('colorJitter: properties', () => {
  it('does nothing without strength', () => {
    expect(colorJitter(source, new Random(1), {})).toBe(source);
  });

  it('applies all three in every order', () => {
    const options = { brightness: 0.4, contrast: 0.4, saturation: 0.4 };
    const results = Array.from({ length: 40 }, (_, i) => colorJitter(source, new Random(i), options));
    expect(new Set(results.map(({ data }) => data.join())).size).toBe(40);
    expect(colorJitter(source, new Random(7), options)).toEqual(results[7]);
  });

  it('draws brightness from 1 - strength to 1 + strength', () => {
    const white = { width: 1, height: 1, data: new Uint8Array(3).fill(100) };
    const values = Array.from(
      { length: 500 },
      (_, i) => colorJitter(white, new Random(i), { brightness: 0.4 }).data[0]!,
    );
    expect([Math.min(...values), Math.max(...values)]).toEqual([60, 139]);
  });
});
