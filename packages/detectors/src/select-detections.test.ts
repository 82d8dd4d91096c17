import { expectClose, expectCovpoolError } from '@covpool/testing';
import { describe, expect, it } from 'vitest';
import { decodeBoxes, SECOND_STAGE_DEVIATIONS } from './box-coder.ts';
import { readGolden } from './golden.fixture.ts';
import { selectDetections } from './select-detections.ts';

interface Golden {
  picture: [number, number];
  detections: {
    rois: number[];
    logits: number[];
    deltas: number[];
    classes: number;
    count: number;
    boxes: number[];
    scores: number[];
    labels: number[];
  };
}

const { picture, detections: golden } = readGolden<Golden>('select');

function softmaxRows(logits: number[], width: number): Float32Array {
  const exponentials = logits.map(Math.exp);
  return Float32Array.from(exponentials, (value, i) => {
    const row = i - (i % width);
    return value / exponentials.slice(row, row + width).reduce((a, b) => a + b);
  });
}

const twice = Float32Array.of(0, 0, 10, 10, 0, 0, 10, 9);

describe('selectDetections', () => {
  describe('values', () => {
    it('are those of torchvision’s RoIHeads', async () => {
      const boxes = decodeBoxes(Float32Array.from(golden.rois), Float32Array.from(golden.deltas), {
        deviations: SECOND_STAGE_DEVIATIONS,
        picture,
        conventions: 'torchvision',
      });
      const { classes, count } = golden;
      const scores = softmaxRows(golden.logits, classes + 1);
      const got = selectDetections(boxes, scores, { classes, count, conventions: 'torchvision' });
      await expectClose(got.boxes, golden.boxes, { relative: 1e-6 });
      await expectClose(got.scores, golden.scores, { relative: 1e-6 });
      expect([...got.classes]).toEqual(golden.labels.map((label) => label - 1));
    });

    it('are suppressed class by class above 0.05, the background wherever it is (spec 7)', () => {
      // Box 1 is suppressed in class 0 only; class 1 of box 0 is at the least score.
      const last = selectDetections(twice, Float32Array.of(0.6, 0.05, 0.35, 0.5, 0.3, 0.2), { classes: 2 });
      expect([...last.classes]).toEqual([0, 1]);
      expect([...last.rois]).toEqual([0, 1]);
      expect([...last.scores]).toEqual([Math.fround(0.6), Math.fround(0.3)]);
      const first = selectDetections(twice, Float32Array.of(0.35, 0.6, 0.05, 0.2, 0.5, 0.3), {
        classes: 2,
        conventions: 'mmdet1',
      });
      expect(first).toEqual(last);
    });

    it('take the box of the class, behind that of the background where it has one', () => {
      const boxes = Float32Array.of(0, 0, 1, 1, 0, 0, 2, 2, 0, 0, 3, 3);
      const scores = (...values: number[]) => Float32Array.from(values);
      const two = selectDetections(boxes.slice(0, 8), scores(0.1, 0.8, 0.1), { classes: 2, minScore: 0.5 });
      expect([...two.boxes]).toEqual([0, 0, 2, 2]);
      const one = selectDetections(boxes, scores(0.1, 0.1, 0.8), { classes: 2, minScore: 0.5, conventions: 'mmdet1' });
      expect([...one.boxes]).toEqual([0, 0, 3, 3]);
    });

    it('are the best of all classes, 100 at most (spec 7)', () => {
      const boxes = Float32Array.from({ length: 4 * 2000 }, (_, i) => (i >> 2) * 3 + ((i >> 1) & 1) * 2);
      const scores = Float32Array.from({ length: 4000 }, (_, i) =>
        i % 2 === 0 ? 0.1 + ((i * 7919) % 4000) / 5000 : 0,
      );
      const got = selectDetections(boxes, scores, { classes: 1 });
      expect(got.scores.length).toBe(100);
      const best = scores
        .filter((_, i) => i % 2 === 0)
        .sort()
        .reverse();
      expect([...got.scores]).toEqual([...best.subarray(0, 100)]);
    });

    it('softly suppressed keep their lowered scores', async () => {
      const got = selectDetections(twice, Float32Array.of(0.9, 0.1, 0.8, 0.2), {
        classes: 1,
        soft: { method: 'linear', threshold: 0.5 },
      });
      await expectClose(got.scores, [0.9, 0.8 * 0.1], { relative: 1e-6 });
      expect([...got.rois]).toEqual([0, 1]);
    });

    it('of no box are none', () => {
      const none = new Float32Array();
      expect(selectDetections(none, none, { classes: 3 }).classes.length).toBe(0);
      expect(selectDetections(none, none, { classes: 3, soft: { method: 'gaussian' } }).classes.length).toBe(0);
    });
  });

  describe('rejects', () => {
    it('boxes that are not one for each class, or one in all', async () => {
      const options = { classes: 2 };
      await expectCovpoolError(
        () => selectDetections(new Float32Array(12), new Float32Array(3), options),
        'bad-argument',
        /3 scores and 1 or 2 boxes for each of R boxes are required, got 3 scores and 3 boxes/,
      );
      await expectCovpoolError(
        () => selectDetections(twice, new Float32Array(4), options),
        'bad-argument',
        /got 4 scores/,
      );
    });
  });
});
