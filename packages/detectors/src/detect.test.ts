import { type Rle, rle } from '@covpool/masks';
import { describeEngines } from '@covpool/testing';
import { reverse } from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { batchOf, tiny } from './tiny-detector.fixture.ts';
import { mirrorBoxes } from './views.ts';

describeEngines('Detector.predict', () => {
  it.each(['horizontal', 'both'] as const)(
    'with test.flips %s a mirrored picture has mirrored detections',
    async (flips) => {
      const detector = tiny('mask-rcnn-small', { test: { minScore: 0.2, count: 6, flips } });
      const batch = batchOf([[[4, 4, 16, 14]]], [32, 40]);
      const mirrored = { ...batch, images: reverse(batch.images, flips === 'both' ? [1, 2] : [2]) };
      const [[plain], [other]] = [await detector.predict(batch), await detector.predict(mirrored)];
      expect(plain!.scores.length).toBeGreaterThan(0);
      // Near-equal scores may change places by rounding: detections are compared as sets.
      const view = { across: true, down: flips === 'both' };
      const rows = (scores: Float32Array, boxes: Float32Array) =>
        Array.from(scores, (score, n) => [score, ...boxes.subarray(4 * n, 4 * n + 4)].map((v) => v.toFixed(2)).join());
      const back = mirrorBoxes(other!.boxes, [32, 40], view);
      expect(rows(other!.scores, back).sort()).toEqual(rows(plain!.scores, plain!.boxes).sort());
      const areas = (masks: readonly Rle[]) => masks.map((mask) => rle.area(mask)).sort((a, b) => a - b);
      expect(areas(other!.masks!)).toEqual(areas(plain!.masks!));
    },
  );

  it('lowers scores in place of dropping boxes with soft suppression', async () => {
    const batch = batchOf(
      [
        [
          [4, 4, 16, 14],
          [18, 10, 30, 24],
        ],
      ],
      [32, 40],
    );
    const test = { minScore: 0.1, count: 100 };
    const [hard] = await tiny('faster-rcnn-small', { test }).predict(batch);
    const [soft] = await tiny('faster-rcnn-small', { test: { ...test, suppression: 'gaussian' } }).predict(batch);
    expect(soft!.scores.length).toBeGreaterThan(hard!.scores.length);
    expect(soft!.scores[0]).toBe(hard!.scores[0]);
  });
});
