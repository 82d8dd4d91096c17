import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sortByKey, sortByScore } from './counting-sort.ts';

describe('sortByKey', () => {
  it('is a stable sort', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 40 }), (keys) => {
        const positions = Int32Array.from(keys, (_, i) => keys.length - 1 - i);
        const expected = [...positions].sort((a, b) => keys[a]! - keys[b]!);
        expect([...sortByKey(positions, Int32Array.from(keys), 6)]).toEqual(expected);
      }),
    );
  });
});

describe('sortByScore', () => {
  it('is a stable sort by falling score, of few and of many', () => {
    const score = fc.constantFrom(-Infinity, -0, 0, 0.25, 0.5, 1, Infinity);
    fc.assert(
      fc.property(fc.array(score, { maxLength: 60 }), (scores) => {
        const positions = Int32Array.from(scores.keys());
        const expected = [...positions].sort((a, b) =>
          scores[a]! > scores[b]! ? -1 : scores[a]! < scores[b]! ? 1 : 0,
        );
        expect([...sortByScore(positions, Float64Array.from(scores))]).toEqual(expected);
      }),
    );
  });
});
