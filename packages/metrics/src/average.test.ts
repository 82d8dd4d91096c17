import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Average } from './average.ts';

const parts = fc.array(fc.tuple(fc.double({ min: -1e3, max: 1e3, noNaN: true }), fc.integer({ min: 0, max: 100 })), {
  maxLength: 30,
});

function averageOf(values: [number, number][]): Average {
  const average = new Average();
  for (const [value, count] of values) average.add(value, count);
  return average;
}

describe('values', () => {
  it('weighs by counts', () => {
    expect(
      averageOf([
        [2, 64],
        [1, 32],
      ]).mean,
    ).toBeCloseTo(5 / 3, 14);
  });

  it('is NaN before anything was added', () => {
    expect(new Average().mean).toBeNaN();
    expect(averageOf([[NaN, 0]]).mean).toBeNaN();
  });

  it('does not let an empty batch spoil the mean', () => {
    expect(
      averageOf([
        [3, 2],
        [NaN, 0],
      ]).mean,
    ).toBe(3);
  });

  it('does not hide NaN', () => {
    expect(
      averageOf([
        [3, 2],
        [NaN, 1],
      ]).mean,
    ).toBeNaN();
  });
});

describe('properties', () => {
  it('lies between the least and the greatest value', () => {
    fc.assert(
      fc.property(parts, (values) => {
        const seen = values.filter(([, count]) => count > 0).map(([value]) => value);
        fc.pre(seen.length > 0);
        const { mean } = averageOf(values);
        expect(mean).toBeGreaterThanOrEqual(Math.min(...seen) - 1e-9);
        expect(mean).toBeLessThanOrEqual(Math.max(...seen) + 1e-9);
      }),
    );
  });

  it('is the same whether added at once or merged', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const merged = averageOf(a);
        merged.merge(averageOf(b));
        const whole = averageOf([...a, ...b]);
        expect(merged.count).toBe(whole.count);
        expect(whole.count === 0 ? 0 : merged.mean - whole.mean).toBeCloseTo(0, 8);
      }),
    );
  });
});

describe('rejects', () => {
  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('a count of %d', (count) => {
    expect(() => new Average().add(1, count)).toThrow(/count must be finite and at least 0/);
  });
});
