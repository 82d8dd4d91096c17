import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { epochsToReach } from './epochs-to-reach.ts';

describe('values', () => {
  it.each<[number[], number, number | null]>([
    [[40, 55, 61, 60], 60, 3],
    [[40, 55, 61, 60], 40, 1],
    [[40, 55], 60, null],
    [[], 0, null],
    [[NaN, 70], 60, 2],
    [[70], NaN, null],
  ])('%j reaches %d at %s', (curve, target, epoch) => {
    expect(epochsToReach(curve, target)).toBe(epoch);
  });
});

describe('properties', () => {
  it('is reached there and not before', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 })), fc.integer({ min: 0, max: 100 }), (curve, target) => {
        const epoch = epochsToReach(curve, target) ?? curve.length + 1;
        expect(curve.slice(0, epoch - 1).every((value) => value < target)).toBe(true);
        expect(epoch > curve.length || curve[epoch - 1]! >= target).toBe(true);
      }),
    );
  });

  it('of a curve and its own best value is never null', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (curve) => {
        expect(epochsToReach(curve, Math.max(...curve))).not.toBeNull();
      }),
    );
  });
});
