import { describe, expect, it } from 'vitest';
import {
  exactRule,
  kMatrixRule,
  type LoewnerRule,
  newtonRule,
  originalRule,
  padeRule as padeRuleOf,
  powerIterationRule,
  releasedPowerIterationRule,
  taylorRule,
  truncRule,
} from './loewner.ts';
import { mapEigenvalues, type SpectralFunction } from './spectral-function.ts';

const root: SpectralFunction = { value: Math.sqrt, slope: (l) => 0.5 / Math.sqrt(l) };
const EPSILON_64 = Number.EPSILON;
const padeRule = padeRuleOf(2.2e-16);

const loewner = (rule: LoewnerRule, ...lambda: number[]) => rule(mapEigenvalues(root, Float64Array.from(lambda)));

/** K_01 of a rule that goes through K: with f = (1, 0), L_01 = K_01. */
const difference = (rule: LoewnerRule, a: number, b: number): number =>
  rule({ lambda: Float64Array.of(a, b), s: 1, f: Float64Array.of(1, 0), slope: new Float64Array(2) }).entry(0, 1);

/** Relative distance. */
const off = (actual: number, expected: number): number => Math.abs(actual / expected - 1);

/** All (i,j) with i ≠ j. */
const pairs = (n: number): [number, number][] =>
  Array.from({ length: n * n }, (_, k): [number, number] => [Math.floor(k / n), k % n]).filter(([i, j]) => i !== j);

describe('values', () => {
  it('of the square root are 1/(√a + √b), however near a and b are (spec 2.2)', () => {
    const { entry } = loewner(exactRule(root), 4, 3, 3 - 4e-5, 3 - 5e-5, 1e-3, 0);
    const lambda = [4, 3, 3 - 4e-5, 3 - 5e-5, 1e-3, 0];
    const errors = pairs(6).map(([i, j]) => off(entry(i, j), 1 / (Math.sqrt(lambda[i]!) + Math.sqrt(lambda[j]!))));
    expect(Math.max(...errors)).toBeLessThan(4e-11);
  });

  it('are the slope where eigenvalues repeat, bounded at the floor by 3.36e7 (spec 2.2, 5.2)', () => {
    const { entry } = loewner(exactRule(root), EPSILON_64, EPSILON_64);
    expect(entry(0, 1)).toBeCloseTo(1 / (2 * Math.sqrt(EPSILON_64)), -2);
    expect(off(entry(0, 1), 3.36e7)).toBeLessThan(2e-3);
  });

  it('are the same through K as exactly where K has no trouble (spec 5.2)', () => {
    const lambda = [9, 4, 1, 0.25];
    const exact = loewner(exactRule(root), ...lambda);
    for (const rule of [kMatrixRule, originalRule, truncRule, taylorRule, padeRule]) {
      const published = loewner(rule, ...lambda);
      const errors = pairs(4).map(([i, j]) => off(published.entry(i, j), exact.entry(i, j)));
      expect(Math.max(...errors)).toBeLessThan(1e-12);
    }
  });

  it('of K at (1, 0.99) is 63.7627983 for Taylor where 100 is exact (spec 5.4)', () => {
    expect(difference(taylorRule, 1, 0.99)).toBeCloseTo(63.7627983, 6); // 63.76279821 in float64
    expect(difference(padeRule, 1, 0.99)).toBeCloseTo(100, 9);
  });

  it('err as tabulated for Taylor, and not for Padé (spec 5.4)', () => {
    const taylorErrors: [number, number][] = [
      [0.9, 2e-4],
      [0.99, 36],
      [0.999, 904],
    ];
    for (const [x, error] of taylorErrors) {
      const found = 1 / (1 - x) - difference(taylorRule, 1, x);
      expect(off(found, error)).toBeLessThan(0.2); // the table has one digit for the first
    }
    for (const x of [0.1, 0.3, 0.5]) expect(off(difference(taylorRule, 1, x), 1 / (1 - x))).toBeLessThan(4e-16);
    for (const x of [0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999]) {
      expect(off(difference(padeRule, 1, x), 1 / (1 - x))).toBeLessThan(4e-16);
    }
  });

  it('have the bounds of K of the poster (spec 5.3)', () => {
    const floor = EPSILON_64;
    expect(difference(truncRule, 1 + 2 * EPSILON_64, 1)).toBe(1e10);
    expect(difference(truncRule, 1, 1 + 2 * EPSILON_64)).toBe(-1e10);
    expect(difference(truncRule, 1, 1)).toBe(1e10);
    expect(off(difference(originalRule, 2 * floor, floor), 4.5e15)).toBeLessThan(1e-2);
    expect(off(difference(taylorRule, floor, floor), 4.55e17)).toBeLessThan(1e-2);
    expect(off(difference(padeRule, floor, floor), 2.05e31)).toBeLessThan(1e-2);
    expect(off(difference(padeRuleOf(1.2e-7), 1, 1), 1 / 1.2e-7)).toBeLessThan(1e-12);
  });

  it('take ties as published: 0 for MPN-COV, the largest other K for DifferentiableSVD (spec 2.2, 5.2)', () => {
    const f = Float64Array.of(1, 1, 1);
    const map = { lambda: Float64Array.of(3, 1, 1), s: 1, f, slope: f };
    expect(kMatrixRule(map).entry(1, 2)).toBe(0);
    expect(kMatrixRule({ ...map, lambda: Float64Array.of(3, 1, 0) }).entry(0, 2)).toBe(0);
    expect(originalRule(map).entry(1, 2)).toBe(0.5 + 0.5);
    expect(originalRule(map).entry(0, 1)).toBe(0.5 - 0.5);
  });

  it('explode at a tie of floored eigenvalues for Taylor alone: 1.4e10 where 3.4e7 is exact (spec 5.2)', () => {
    const tie = [1, EPSILON_64, EPSILON_64];
    expect(off(loewner(taylorRule, ...tie).entry(1, 2), 1.4e10)).toBeLessThan(0.04);
    expect(off(loewner(exactRule(root), ...tie).entry(1, 2), 3.4e7)).toBeLessThan(0.02);
  });

  it('of power iteration are those of its deflated loop (spec 5.5)', () => {
    const [a, b] = [2, 1.5];
    const forward = Array.from({ length: 20 }, (_, k) => (b / a) ** k / a).reduce((p, q) => p + q);
    const backward = 1 / b - (a / b) * forward; // of the deflated matrix, and through the deflation
    const { entry } = loewner(powerIterationRule, a, b);
    expect(entry(0, 1)).toBeCloseTo(forward * Math.sqrt(a) + backward * Math.sqrt(b), 13);
    expect(entry(1, 0)).toBeCloseTo(entry(0, 1), 13);
  });

  it('of power iteration as released are zero (spec 5.5)', () => {
    const { entry, diagonal } = loewner(releasedPowerIterationRule, 2, 1);
    expect([entry(0, 1), diagonal!(0)]).toEqual([0, 0]);
  });

  it('of ten Newton–Schulz steps are nearly exact for a good condition (spec 5.3)', () => {
    const lambda = [3, 2, 2, 1];
    const [newton, exact] = [loewner(newtonRule, ...lambda), loewner(exactRule(root), ...lambda)];
    for (let i = 0; i < 4; i++) {
      for (let j = 0; j < 4; j++) {
        // L of y_N(λ/t)√t at a fixed t; that of t itself is in the trace part, which is 0 for an exact root.
        if (i !== j) expect(off(newton.entry(i, j), exact.entry(i, j))).toBeLessThan(1e-9);
      }
      expect(Math.abs(newton.trace!(i))).toBeLessThan(1e-9);
    }
  });
});
