import { array, assert, constantFrom, float, integer, oneof, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { topScores } from './top-scores.ts';

describe('topScores', () => {
  describe('values', () => {
    it('are the highest, the first of equals before', () => {
      expect([...topScores(Float32Array.of(1, 3, 2, 3, 3), 3)]).toEqual([1, 3, 4]);
      expect([...topScores(Float32Array.of(1, 3, 2, 3, 3), 2)]).toEqual([1, 3]);
      expect([...topScores(Float32Array.of(1, 3, 2))]).toEqual([1, 2, 0]);
    });
  });

  describe('properties', () => {
    it('some are the beginning of all, of any numbers', () =>
      assert(
        property(
          array(oneof(float({ noNaN: true }), constantFrom(0, 1, NaN, Infinity, -Infinity))),
          integer({ min: 0, max: 12 }),
          (given, count) => {
            const scores = Float32Array.from(given);
            const all = [...topScores(scores)];
            expect([...topScores(scores, count)]).toEqual(all.slice(0, count));
            expect([...all].sort((a, b) => a - b)).toEqual([...scores.keys()]);
            for (let i = 1; i < all.length; i++) expect(scores[all[i - 1]!]! < scores[all[i]!]!).toBe(false);
          },
        ),
      ));
  });
});
