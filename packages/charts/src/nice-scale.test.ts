import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { niceScale } from './nice-scale.ts';

const ranges = fc
  .tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 1e-6, max: 1e6, noNaN: true }))
  .map(([low, span]) => [low, low + span] as const)
  .filter(([low, high]) => high - low > 1e-9 * Math.abs(low));

describe('values', () => {
  it.each<[number, number, number[], string]>([
    [31.2, 72.4, [30, 40, 50, 60, 70, 80], '.0f'],
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1], '.1f'],
    [0, 250_000, [0, 50_000, 100_000, 150_000, 200_000, 250_000], '~s'],
    [0, 3e-5, [0, 1e-5, 2e-5, 3e-5], '.1~e'],
  ])('from %d to %d', (low, high, ticks, format) => {
    const scale = niceScale(low, high);
    expect(scale.ticks.map((tick) => Number(tick.toPrecision(12)))).toEqual(ticks);
    expect(scale.format).toBe(format);
  });

  it('makes room around a single value', () => {
    expect(niceScale(42, 42).domain).toEqual([36, 48].map((v) => expect.closeTo(v, 9)));
    expect(niceScale(0, 0).domain).toEqual([-1, 1]);
  });
});

describe('properties', () => {
  it('holds the range, in evenly spaced ticks, without waste', () => {
    fc.assert(
      fc.property(ranges, ([low, high]) => {
        const { domain, ticks } = niceScale(low, high);
        const step = ticks[1]! - ticks[0]!;
        expect(domain[0]).toBeLessThanOrEqual(low + step * 1e-6);
        expect(domain[1]).toBeGreaterThanOrEqual(high - step * 1e-6);
        expect(domain[1] - domain[0]).toBeLessThan(high - low + 2.001 * step);
        expect(ticks.length).toBeGreaterThanOrEqual(3);
        expect(ticks.length).toBeLessThanOrEqual(7);
      }),
    );
  });
});
