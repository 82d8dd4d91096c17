import { expectCovpoolError } from '@covpool/testing';
import { assert, boolean, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assignBoxes, BACKGROUND, FIRST_STAGE_ASSIGNMENT, NEITHER, SECOND_STAGE_ASSIGNMENT } from './assign.ts';
import { boxIou } from './box-iou.ts';
import { readGolden } from './golden.fixture.ts';
import { tidyBoxes, wildBoxes } from './wild-boxes.fixture.ts';

interface Golden {
  boxes: number[];
  truths: number[];
  cases: { positive: number; negative: number; lowQuality: boolean; matches: number[] }[];
}

const golden = readGolden<Golden>('matcher');
const first = FIRST_STAGE_ASSIGNMENT;
const second = { ...SECOND_STAGE_ASSIGNMENT, lowQuality: false };

/** A box of height 10 that has IoU w/10 with (0, 0, 10, 10). */
const wide = (w: number): number[] => [0, 0, w, 10];

describe('assignBoxes', () => {
  describe('values', () => {
    it('are those of the example (spec 11.6)', () => {
      const boxes = Float32Array.of(0, 0, 10, 10, 10, 10, 20, 20);
      expect([...assignBoxes(boxes, Float32Array.of(0, 0, 10, 9), second)]).toEqual([0, BACKGROUND]);
    });

    it('are positive from a threshold on, background below one, neither in between (spec 4)', () => {
      const boxes = Float32Array.from([10, 7, 6.9, 3, 2.9].flatMap(wide));
      const assigned = assignBoxes(boxes, Float32Array.from(wide(10)), { ...first, lowQuality: false });
      expect([...assigned]).toEqual([0, 0, NEITHER, NEITHER, BACKGROUND]);
    });

    it('take the first truth of equals (spec 4)', () => {
      const truths = Float32Array.of(0, 0, 10, 10, 0, 0, 10, 10);
      expect([...assignBoxes(Float32Array.from(wide(10)), truths, second)]).toEqual([0]);
    });

    it('of low quality give every box with the best IoU of a truth to it, whatever it had (spec 4)', () => {
      const boxes = Float32Array.of(0, 0, 10, 10, 20, 0, 24, 10, 26, 0, 30, 10, 0, 0, 8, 10);
      // The second truth fits boxes 1 and 2 alike, the third box 0 best, which fits the first better.
      const truths = Float32Array.of(0, 0, 10, 10, 20, 0, 30, 10, 0, 0, 10, 6);
      expect([...assignBoxes(boxes, truths, first)]).toEqual([2, 1, 1, 0]);
      const torchvision = assignBoxes(boxes, truths, { ...first, conventions: 'torchvision' });
      expect([...torchvision]).toEqual([0, 1, 1, 0]);
    });

    it('of low quality pass over truths whose best IoU is below the minimum (spec 4)', () => {
      const [boxes, truth] = [Float32Array.from(wide(2.9)), Float32Array.from(wide(10))];
      expect([...assignBoxes(boxes, truth, first)]).toEqual([BACKGROUND]);
      expect([...assignBoxes(boxes, truth, { ...first, minimum: 0.25 })]).toEqual([0]);
      expect([...assignBoxes(boxes, truth, { ...first, conventions: 'torchvision' })]).toEqual([0]);
    });

    it('without truths are background, without boxes nothing', () => {
      const boxes = Float32Array.from([...wide(10), ...wide(5)]);
      expect([...assignBoxes(boxes, new Float32Array(), first)]).toEqual([BACKGROUND, BACKGROUND]);
      expect(assignBoxes(new Float32Array(), boxes, first).length).toBe(0);
    });

    it('leave out boxes that are not considered, also where truths look for their best', () => {
      const boxes = Float32Array.from([...wide(10), ...wide(6)]);
      const assigned = assignBoxes(boxes, Float32Array.from(wide(10)), { ...first, considered: Uint8Array.of(0, 1) });
      expect([...assigned]).toEqual([NEITHER, 0]);
    });

    it.each(golden.cases)('are those of torchvision’s Matcher, $positive $negative $lowQuality', (options) => {
      const [boxes, truths] = [Float32Array.from(golden.boxes), Float32Array.from(golden.truths)];
      expect([...assignBoxes(boxes, truths, { ...options, conventions: 'torchvision' })]).toEqual(options.matches);
    });
  });

  describe('properties', () => {
    it('with low quality every truth that touches a box enough has one', () =>
      assert(
        property(tidyBoxes(), tidyBoxes(1, 1), (boxes, truth) => {
          const best = Math.max(0, ...boxIou(truth, boxes));
          const assigned = assignBoxes(boxes, truth, first);
          expect(assigned.includes(0)).toBe(best >= Math.fround(0.3));
        }),
      ));

    it('any boxes and truths give an index, background or neither', () =>
      assert(
        property(wildBoxes(), wildBoxes(4), boolean(), (boxes, truths, lowQuality) => {
          for (const truth of assignBoxes(boxes, truths, { ...first, lowQuality })) {
            expect(truth >= NEITHER && truth < Math.max(truths.length / 4, 1)).toBe(true);
          }
        }),
      ));
  });

  describe('rejects', () => {
    it('thresholds out of order', () =>
      expectCovpoolError(
        () => assignBoxes(new Float32Array(), new Float32Array(), { positive: 0.3, negative: 0.7, lowQuality: false }),
        'bad-argument',
        /negative must not be above positive, got 0.7 and 0.3/,
      ));
  });
});
