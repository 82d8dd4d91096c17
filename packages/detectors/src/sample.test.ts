import { Random } from '@covpool/base';
import { expectCovpoolError } from '@covpool/testing';
import { array, assert, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIRST_STAGE_SAMPLE, sampleBoxes, SECOND_STAGE_SAMPLE } from './sample.ts';

const assigned = (positives: number, negatives: number, neither = 3): Int32Array =>
  Int32Array.of(
    ...Array<number>(neither).fill(-2),
    ...Array<number>(positives).fill(0),
    ...Array<number>(negatives).fill(-1),
  );

const counts = (positives: number, negatives: number, options: { count: number; positiveFraction: number }) => {
  const sample = sampleBoxes(assigned(positives, negatives), { ...options, random: new Random(1, 'sample') });
  return [sample.positives.length, sample.negatives.length];
};

describe('sampleBoxes', () => {
  describe('values', () => {
    it('are 256 with at most half positive, and 512 with at most a quarter (spec 4)', () => {
      expect(counts(1000, 1000, FIRST_STAGE_SAMPLE)).toEqual([128, 128]);
      expect(counts(1000, 1000, SECOND_STAGE_SAMPLE)).toEqual([128, 384]);
    });

    it('fill missing positives with negatives, and not the other way (spec 4)', () => {
      expect(counts(10, 1000, FIRST_STAGE_SAMPLE)).toEqual([10, 246]);
      expect(counts(0, 1000, SECOND_STAGE_SAMPLE)).toEqual([0, 512]);
      expect(counts(1000, 20, FIRST_STAGE_SAMPLE)).toEqual([128, 20]);
      expect(counts(0, 0, FIRST_STAGE_SAMPLE)).toEqual([0, 0]);
    });

    it('are a function of the seed', () => {
      const draw = (seed: number) =>
        sampleBoxes(assigned(100, 100), { count: 20, positiveFraction: 0.5, random: new Random(seed, 'sample') });
      expect(draw(1)).toEqual(draw(1));
      expect(draw(1)).not.toEqual(draw(2));
    });

    it('draw every box alike', () => {
      const hits = new Uint32Array(20);
      const random = new Random(3, 'sample');
      for (let i = 0; i < 4000; i++) {
        const { positives } = sampleBoxes(assigned(20, 0, 0), { count: 10, positiveFraction: 0.5, random });
        for (const n of positives) hits[n]!++;
      }
      // 4000 draws of 5 in 20: 1000 hits each with a deviation of √(4000·¼·¾) = 27; six of them are 164.
      for (const hit of hits) expect(Math.abs(hit - 1000)).toBeLessThan(164);
    });
  });

  describe('properties', () => {
    it('have no box twice, none without part, ascending', () =>
      assert(
        property(array(integer({ min: -2, max: 3 })), integer({ min: 0, max: 9 }), (truths, count) => {
          const given = Int32Array.from(truths);
          const sample = sampleBoxes(given, { count, positiveFraction: 0.4, random: new Random(count) });
          expect(sample.positives.every((n) => given[n]! >= 0)).toBe(true);
          expect(sample.negatives.every((n) => given[n] === -1)).toBe(true);
          expect(sample.positives.length + sample.negatives.length).toBeLessThanOrEqual(count);
          for (const side of [sample.positives, sample.negatives]) {
            expect([...side]).toEqual([...new Set(side)].sort((a, b) => a - b));
          }
        }),
      ));
  });

  describe('rejects', () => {
    it('counts and fractions that are none', async () => {
      const random = new Random(1);
      for (const options of [
        { count: 1.5, positiveFraction: 0.5 },
        { count: 4, positiveFraction: 2 },
      ]) {
        await expectCovpoolError(
          () => sampleBoxes(assigned(1, 1), { ...options, random }),
          'bad-argument',
          /count must be a whole number and positiveFraction in \[0, 1\]/,
        );
      }
    });
  });
});
