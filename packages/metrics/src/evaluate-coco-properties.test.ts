import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateCoco, type CocoDetection, type CocoGroundTruth } from './index.ts';
import { naiveCoco } from './naive-coco.fixture.ts';

const NAMES = ['AP', 'AP50', 'AP75', 'APs', 'APm', 'APl', 'AR1', 'AR10', 'AR100', 'ARs', 'ARm', 'ARl'] as const;

/** Boxes on a coarse grid around the borders of the sizes: equal overlaps and equal areas are frequent. */
const boxes = fc.tuple(
  fc.constantFrom(0, 8, 16, 40),
  fc.constantFrom(0, 8, 16),
  fc.constantFrom(0, 16, 32, 64, 96, 128),
  fc.constantFrom(16, 32, 64, 96),
);
const places = { image_id: fc.constantFrom(4, 1, 9), category_id: fc.constantFrom(3, 8), bbox: boxes };
const objects = fc.record({ ...places, iscrowd: fc.constantFrom(0, 0, 0, 1), shrink: fc.constantFrom(1, 0.5) });
const detections: fc.Arbitrary<CocoDetection[]> = fc.array(
  fc.record({ ...places, score: fc.constantFrom(0.9, 0.5, 0.25, 0) }),
  { maxLength: 25 },
);
const groundTruths: fc.Arbitrary<CocoGroundTruth> = fc.array(objects, { maxLength: 12 }).map((list) => ({
  images: [{ id: 9 }, { id: 1 }, { id: 4 }],
  categories: [{ id: 8 }, { id: 3 }, { id: 5 }],
  annotations: list.map(({ shrink, ...object }, id) => {
    return { ...object, id, area: object.bbox[2] * object.bbox[3] * shrink };
  }),
}));

describe('properties', () => {
  it('equals the protocol written down step by step', () => {
    fc.assert(
      fc.property(groundTruths, detections, (groundTruth, found) => {
        const { stats } = evaluateCoco(groundTruth, found);
        const expected = naiveCoco(groundTruth, found);
        // Sums of at most 2 · 10 · 101 numbers in 0…1, in another order.
        NAMES.forEach((name, i) => expect([name, stats[name]]).toEqual([name, expect.closeTo(expected[i]!, 12)]));
      }),
      { numRuns: 150 },
    );
  });

  it('depends neither on the order of the files nor on a growing change of scores', () => {
    fc.assert(
      fc.property(groundTruths, detections, (groundTruth, found) => {
        // Scores that are all different: of equal ones the order counts.
        const distinct = found.map((detection, i) => ({ ...detection, score: i / 32 }));
        const { stats } = evaluateCoco(groundTruth, distinct);
        const images = [...groundTruth.images].reverse();
        const stretched = [...distinct].reverse().map((d) => ({ ...d, score: 7 * d.score ** 3 - 2 }));
        expect(evaluateCoco({ ...groundTruth, images }, stretched).stats).toEqual(stats);
      }),
    );
  });

  it('leaves its arguments as they were', () => {
    fc.assert(
      fc.property(groundTruths, detections, (groundTruth, found) => {
        const before = JSON.stringify([groundTruth, found]);
        evaluateCoco(groundTruth, found);
        expect(JSON.stringify([groundTruth, found])).toBe(before);
      }),
      { numRuns: 20 },
    );
  });
});
