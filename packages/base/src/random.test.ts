import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveSeed, Random } from './random.ts';

const draw = (random: Random, count: number) => Array.from({ length: count }, () => random.uniform());

describe('deriveSeed', () => {
  it('is a function of its path alone', () => {
    expect(deriveSeed(1, 'layer', 2)).toBe(deriveSeed(1, 'layer', 2));
  });

  it('tells apart what concatenation would confuse', () => {
    const seeds = [
      deriveSeed('ab', 'c'),
      deriveSeed('a', 'bc'),
      deriveSeed('abc'),
      deriveSeed(1, 2),
      deriveSeed(12),
      deriveSeed('1', 2),
    ];
    expect(new Set(seeds).size).toBe(seeds.length);
  });

  it('spreads neighbouring counters over all 32 bits', () => {
    const bits = new Array<number>(32).fill(0);
    for (let i = 0; i < 4096; i++) {
      const seed = deriveSeed(7, 'step', i);
      for (let bit = 0; bit < 32; bit++) bits[bit]! += (seed >>> bit) & 1;
    }
    // Binomial(4096, 1/2) has standard deviation 32; six of them.
    for (const ones of bits) expect(Math.abs(ones - 2048)).toBeLessThan(6 * 32);
  });
});

describe('Random', () => {
  it('gives the same stream for the same path and another for any other', () => {
    expect(draw(new Random(3, 'a'), 8)).toEqual(draw(new Random(3, 'a'), 8));
    expect(draw(new Random(3, 'a'), 8)).not.toEqual(draw(new Random(3, 'b'), 8));
  });

  it('keeps its published sequence, so that old runs can be repeated', () => {
    const random = new Random(0, 'golden');
    expect([random.nextUint32(), random.nextUint32(), random.nextUint32()]).toEqual([1720042275, 625868651, 61705612]);
  });

  it('draws uniform numbers with the mean and variance of the uniform distribution', () => {
    const values = draw(new Random(11), 20_000);
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length;
    // Five standard errors of each.
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / 20_000));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / 20_000));
  });

  it('draws normal numbers with the moments of the normal distribution', () => {
    const random = new Random(12);
    const values = Array.from({ length: 20_000 }, () => random.normal());
    const moment = (power: number) => values.reduce((sum, v) => sum + v ** power, 0) / values.length;
    expect(Math.abs(moment(1))).toBeLessThan(5 * Math.sqrt(1 / 20_000));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / 20_000));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / 20_000));
  });

  it('shuffles into a permutation, every item equally often first', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 50 }), (seed, length) => {
        const items = Array.from({ length }, (_, i) => i);
        expect(new Random(seed).shuffle([...items]).sort((p, q) => p - q)).toEqual(items);
      }),
      { seed: 1, numRuns: 50 },
    );
    const first = [0, 0, 0, 0];
    const random = new Random(5);
    for (let i = 0; i < 4000; i++) first[random.shuffle([0, 1, 2, 3])[0]!]! += 1;
    for (const count of first) expect(Math.abs(count - 1000)).toBeLessThan(6 * Math.sqrt(750));
  });

  it('draws whole numbers within the bound', () => {
    const random = new Random(6);
    const seen = new Set(Array.from({ length: 200 }, () => random.integer(5)));
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4]);
  });
});
