import { rle } from '@covpool/masks';
import { describe, expect, it } from 'vitest';
import { toCocoResults } from './coco-results.ts';

const found = {
  boxes: Float32Array.of(10, 20, 30, 60, 0, 0, 5, 8),
  scores: Float32Array.of(0.75, 0.5),
  labels: Int32Array.of(1, 0),
};
const options = { imageId: 7, categoryIds: [3, 18] };

describe('toCocoResults', () => {
  it('has x, y, width and height, the categories of the labels, and the order of the scores', () => {
    expect(toCocoResults(found, options)).toEqual([
      { image_id: 7, category_id: 18, bbox: [10, 20, 20, 40], score: 0.75 },
      { image_id: 7, category_id: 3, bbox: [0, 0, 5, 8], score: 0.5 },
    ]);
  });

  it('counts the last pixel with the conventions of mmdetection 1.x (spec 12)', () => {
    const [first] = toCocoResults(found, { ...options, conventions: 'mmdet1' });
    expect(first!.bbox).toEqual([10, 20, 21, 41]);
  });

  it("has masks as COCO's strings", () => {
    const mask = rle.fromPolygons([[1, 1, 1, 4, 5, 4, 5, 1]], 6, 8);
    const [, second] = toCocoResults({ ...found, masks: [mask, mask] }, options);
    expect(second!.segmentation).toEqual({ size: [6, 8], counts: '73300000a0' });
  });

  it('has nothing to say of a picture with nothing in it', () => {
    const none = { boxes: new Float32Array(0), scores: new Float32Array(0), labels: new Int32Array(0), masks: [] };
    expect(toCocoResults(none, options)).toEqual([]);
  });

  it('refuses a label without a category', () => {
    expect(() => toCocoResults(found, { ...options, categoryIds: [3] })).toThrow(
      'toCocoResults: a category for every label is required, got 1 and label 1',
    );
  });
});
