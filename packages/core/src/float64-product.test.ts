import { flatten, seededValues, times, toMatrix, transpose } from '@covpool/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { timesTransposed, transposed } from './float64-product.ts';

const side = fc.integer({ min: 1, max: 11 });

describe('timesTransposed', () => {
  it('is A Bᵀ whatever the sides', () => {
    fc.assert(
      fc.property(side, side, side, (m, n, k) => {
        const [a, b] = [seededValues(m * k, 'a', m, k), seededValues(n * k, 'b', n, k)];
        const expected = flatten(times(toMatrix(a, k), transpose(toMatrix(b, k))));
        const found = timesTransposed(Float64Array.from(a), Float64Array.from(b), m, n, k);
        expected.forEach((value, at) => expect(Math.abs(found[at]! - value)).toBeLessThan(1e-13));
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('is zero for no terms', () => {
    expect([...timesTransposed(new Float64Array(0), new Float64Array(0), 2, 2, 0)]).toEqual([0, 0, 0, 0]);
  });
});

describe('transposed', () => {
  it('swaps rows and columns', () => {
    expect([...transposed([1, 2, 3, 4, 5, 6], 2, 3)]).toEqual([1, 4, 2, 5, 3, 6]);
  });
});
