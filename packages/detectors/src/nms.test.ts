import { Random } from '@covpool/base';
import { expectCovpoolError } from '@covpool/testing';
import { assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxIou } from './box-iou.ts';
import { readGolden } from './golden.fixture.ts';
import { batchedNms, nms } from './nms.ts';
import { tidyBoxes, wildBoxes } from './wild-boxes.fixture.ts';

interface Golden {
  boxes: number[];
  scores: number[];
  groups: number[];
  cases: { threshold: number; kept: number[]; keptInGroups: number[] }[];
}

const golden = readGolden<Golden>('nms');
const goldenBoxes = Float32Array.from(golden.boxes);
const goldenScores = Float32Array.from(golden.scores);

describe('nms', () => {
  describe('values', () => {
    it('keep a box whose IoU is the threshold, unlike TensorFlow.js (spec 12)', () => {
      const boxes = Float32Array.of(0, 0, 10, 10, 0, 0, 10, 5);
      const scores = Float32Array.of(0.9, 0.8);
      expect([...nms(boxes, scores, { threshold: 0.5 })]).toEqual([0, 1]);
      expect([...nms(boxes, scores, { threshold: 0.4999 })]).toEqual([0]);
    });

    it('are in the order of scores, the first of equals before', () => {
      const boxes = Float32Array.of(0, 0, 1, 1, 5, 5, 6, 6, 8, 8, 9, 9, 0, 0, 1, 1);
      expect([...nms(boxes, Float32Array.of(0.5, 0.7, 0.5, 0.5), { threshold: 0.5 })]).toEqual([1, 0, 2]);
      expect([...nms(boxes, Float32Array.of(0.5, 0.7, 0.5, 0.5), { threshold: 0.5, count: 2 })]).toEqual([1, 0]);
    });

    it('let only kept boxes suppress', () => {
      // 0 suppresses 1; 1 would have suppressed 2.
      const boxes = Float32Array.of(0, 0, 10, 10, 4, 0, 14, 10, 8, 0, 18, 10);
      expect([...nms(boxes, Float32Array.of(0.9, 0.8, 0.7), { threshold: 0.4 })]).toEqual([0, 2]);
    });

    it('count corners as pixels in mmdetection 1', () => {
      const boxes = Float32Array.of(0, 0, 9, 9, 5, 0, 14, 9); // 45/135 = 1/3, or 50/150
      const scores = Float32Array.of(0.9, 0.8);
      const other = Float32Array.of(0, 0, 1, 1, 0, 0, 1, 0); // no area, or 2/4
      expect([...nms(boxes, scores, { threshold: 0.25, conventions: 'mmdet1' })]).toEqual([0]);
      expect([...nms(other, scores, { threshold: 0.4 })]).toEqual([0, 1]);
      expect([...nms(other, scores, { threshold: 0.4, conventions: 'mmdet1' })]).toEqual([0]);
    });

    it.each(golden.cases)('are torchvision’s, also in groups, threshold $threshold', ({ threshold, ...kept }) => {
      expect([...nms(goldenBoxes, goldenScores, { threshold })]).toEqual(kept.kept);
      expect([...batchedNms(goldenBoxes, goldenScores, golden.groups, { threshold })]).toEqual(kept.keptInGroups);
      const four = batchedNms(goldenBoxes, goldenScores, golden.groups, { threshold, count: 4 });
      expect([...four]).toEqual(kept.keptInGroups.slice(0, 4));
    });

    it('of nothing are nothing, of one box the box', () => {
      expect(nms(new Float32Array(), new Float32Array(), { threshold: 0.5 }).length).toBe(0);
      expect(batchedNms(new Float32Array(), new Float32Array(), [], { threshold: 0.5 }).length).toBe(0);
      expect([...nms(Float32Array.of(3, 3, 3, 3), Float32Array.of(0), { threshold: 0 })]).toEqual([0]);
    });
  });

  describe('properties', () => {
    it('kept boxes share no more than the threshold, and each other box more with a better one', () =>
      assert(
        property(tidyBoxes(20), (boxes) => {
          const count = boxes.length / 4;
          const random = new Random('scores', count);
          const scores = Float32Array.from({ length: count }, () => Math.round(random.uniform() * 10) / 10);
          const kept = [...nms(boxes, scores, { threshold: 0.3 })];
          const ious = boxIou(boxes, boxes);
          const mostShared = (n: number) => {
            const better = kept.filter((k) => scores[k]! > scores[n]! || (scores[k] === scores[n] && k < n));
            return Math.max(0, ...better.map((k) => ious[k * count + n]!));
          };
          // These IoUs are rounded to float32.
          const clear = [...scores.keys()].filter((n) => Math.abs(mostShared(n) - 0.3) > 1e-6);
          expect(clear.map((n) => kept.includes(n))).toEqual(clear.map((n) => mostShared(n) < 0.3));
        }),
      ));

    it('any boxes and 2,000 of them are handled', () => {
      assert(
        property(wildBoxes(), (boxes) => {
          const scores = new Float32Array(boxes.length / 4).map((_, i) => (i % 5 === 4 ? NaN : i / 7));
          const kept = nms(boxes, scores, { threshold: 0.5 });
          expect(new Set(kept).size).toBe(kept.length);
        }),
      );
      const apart = Float32Array.from({ length: 8000 }, (_, i) => (i >> 2) * 3 + ((i >> 1) & 1));
      const scores = Float32Array.from({ length: 2000 }, (_, n) => n / 2000);
      expect([...nms(apart, scores, { threshold: 0.5 })]).toEqual([...scores.keys()].reverse());
    });
  });

  describe('rejects', () => {
    it('scores and groups that are not one per box', async () => {
      const box = new Float32Array(4);
      const options = { threshold: 0.5 };
      await expectCovpoolError(() => nms(box, new Float32Array(2), options), 'bad-argument', /nms: one score per box/);
      await expectCovpoolError(
        () => batchedNms(box, new Float32Array(1), [], options),
        'bad-argument',
        /batchedNms: one group per box is required \(1\), got 0/,
      );
    });
  });
});
