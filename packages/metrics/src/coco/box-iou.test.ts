import { describe, expect, it } from 'vitest';
import { boxIou } from './box-iou.ts';

const iou = (a: number[], b: number[], crowd = false): number =>
  boxIou(Float64Array.from(a), 0, Float64Array.from(b), 0, crowd);

describe('values', () => {
  // Spec §9, below the tables.
  it.each([
    [[0, 0, 10, 10], [5, 5, 10, 10], false, 0.142857],
    [[0, 0, 10, 10], [5, 5, 10, 10], true, 0.25],
    [[0, 0, 10, 10], [0, 0, 20, 20], false, 0.25],
    [[0, 0, 10, 10], [0, 0, 20, 20], true, 1],
  ])('%j with %j, crowd %s: %d', (a, b, crowd, expected) => {
    expect(iou(a, b, crowd)).toBeCloseTo(expected, 6);
  });

  it('is 0 for boxes that touch, lie apart or have no size', () => {
    expect(iou([0, 0, 10, 10], [10, 0, 10, 10])).toBe(0);
    expect(iou([0, 0, 10, 10], [0, 11, 10, 10])).toBe(0);
    expect(iou([5, 5, 0, 0], [5, 5, 0, 0])).toBe(0);
    expect(iou([5, 5, 0, 3], [0, 0, 10, 10], true)).toBe(0);
  });

  it('reads the boxes that it is told', () => {
    const boxes = Float64Array.of(0, 0, 1, 1, 0, 0, 10, 10, 5, 5, 10, 10);
    expect(boxIou(boxes, 1, boxes, 2, false)).toBeCloseTo(25 / 175, 12);
    expect(boxIou(boxes, 2, boxes, 2, false)).toBe(1);
  });
});
