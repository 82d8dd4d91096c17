import { expectClose, expectCovpoolError } from '@covpool/testing';
import { assert, constantFrom, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nms } from './nms.ts';
import { softNms } from './soft-nms.ts';
import { tidyBoxes, wildBoxes } from './wild-boxes.fixture.ts';

// Boxes 0 and 1 share 1/2, boxes 1 and 2 share 1/4, boxes 0 and 2 share 1/8.
const boxes = Float32Array.of(0, 0, 8, 1, 0, 0, 4, 1, 0, 0, 1, 1);
const scores = Float32Array.of(0.9, 0.8, 0.7);
const to6 = { relative: 1e-6 };
const falling = (length: number) => Float32Array.from({ length }, (_, n) => 1 / (n + 1));

describe('softNms', () => {
  describe('values', () => {
    it('linear: scores are multiplied by 1 − IoU from the threshold on', async () => {
      const { indices, scores: lowered } = softNms(boxes, scores, { method: 'linear', threshold: 0.25 });
      expect([...indices]).toEqual([0, 2, 1]);
      await expectClose(lowered, [0.9, 0.7, 0.8 * 0.5 * 0.75], to6);
    });

    it('gaussian: by exp(−IoU²/σ)', async () => {
      const { indices, scores: lowered } = softNms(boxes, scores, { method: 'gaussian', sigma: 0.5 });
      const second = 0.7 * Math.exp(-(0.125 ** 2) / 0.5);
      const third = 0.8 * Math.exp(-(0.5 ** 2) / 0.5) * Math.exp(-(0.25 ** 2) / 0.5);
      expect([...indices]).toEqual([0, 2, 1]);
      await expectClose(lowered, [0.9, second, third], to6);
    });

    it('drop what falls below the least score', () => {
      const twice = Float32Array.of(0, 0, 8, 8, 0, 0, 8, 8);
      expect([...softNms(twice, Float32Array.of(0.5, 0.9), { method: 'linear' }).indices]).toEqual([1]);
      expect([...softNms(twice, Float32Array.of(0, 0.1), { method: 'linear', minScore: 0.2 }).indices]).toEqual([]);
    });
  });

  describe('properties', () => {
    it('scores descend and never rise, and boxes that share nothing keep theirs', () =>
      assert(
        property(tidyBoxes(), constantFrom('linear' as const, 'gaussian' as const), (given, method) => {
          const before = falling(given.length / 4);
          const { indices, scores: after } = softNms(given, before, { method });
          for (const [i, n] of indices.entries()) {
            expect(after[i]!).toBeLessThanOrEqual(before[n]!);
            if (i > 0) expect(after[i]!).toBeLessThanOrEqual(after[i - 1]!);
          }
          for (const [i, n] of indices.entries()) if (n === 0) expect(after[i]).toBe(before[0]);
        }),
      ));

    it('keeps whatever hard suppression keeps above a least score that low', () =>
      assert(
        property(tidyBoxes(), (given) => {
          const options = { method: 'linear', threshold: 0.5, minScore: 0 } as const;
          const kept = new Set(softNms(given, falling(given.length / 4), options).indices);
          for (const n of nms(given, falling(given.length / 4), { threshold: 0.5 })) expect(kept.has(n)).toBe(true);
        }),
      ));

    it('any boxes are handled', () =>
      assert(
        property(wildBoxes(), (given) => {
          const { indices } = softNms(given, falling(given.length / 4), { method: 'gaussian' });
          expect(new Set(indices).size).toBe(indices.length);
        }),
      ));
  });

  describe('rejects', () => {
    it('other methods, sigma 0, scores that are not one per box', async () => {
      const hard = 'hard' as 'linear';
      await expectCovpoolError(() => softNms(boxes, scores, { method: hard }), 'bad-argument', /got hard and 0.5/);
      await expectCovpoolError(
        () => softNms(boxes, scores, { method: 'gaussian', sigma: 0 }),
        'bad-argument',
        /sigma positive/,
      );
      await expectCovpoolError(
        () => softNms(boxes, new Float32Array(1), { method: 'linear' }),
        'bad-argument',
        /softNms: one score per box is required \(3\), got 1/,
      );
    });
  });
});
