import { expectClose } from '@covpool/testing';
import { assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boxIou } from './box-iou.ts';
import { tidyBoxes, wildBoxes } from './wild-boxes.fixture.ts';

describe('boxIou', () => {
  describe('values', () => {
    it('are those of corner boxes, 2.x and 1.x (spec 9)', async () => {
      const [a, b] = [Float32Array.of(0, 0, 10, 10), Float32Array.of(5, 5, 15, 15)];
      await expectClose(boxIou(a, b), [0.142857], { relative: 0, absolute: 5e-7 });
      await expectClose(boxIou(a, b, { conventions: 'mmdet1' }), [0.174757], { relative: 0, absolute: 5e-7 });
      expect([...boxIou(a, Float32Array.of(0, 0, 20, 20))]).toEqual([0.25]);
    });

    it('have a row for each of the first', () => {
      const boxes = Float32Array.of(0, 0, 2, 2, 0, 0, 2, 1);
      expect([...boxIou(boxes, Float32Array.of(0, 0, 2, 2, 5, 5, 6, 6, 0, 1, 2, 2))]).toEqual([1, 0, 0.5, 0.5, 0, 0]);
    });

    it('are 0 where there is no area', () => {
      const boxes = Float32Array.of(1, 1, 1, 1, 3, 3, 1, 1);
      expect([...boxIou(boxes, boxes)]).toEqual([0, 0, 0, 0]);
      expect(boxIou(new Float32Array(), boxes).length).toBe(0);
    });
  });

  describe('properties', () => {
    it('is symmetric, in [0, 1], and 1 of a box with itself', () =>
      assert(
        property(tidyBoxes(), tidyBoxes(), (a, b) => {
          const [there, back, self] = [boxIou(a, b), boxIou(b, a), boxIou(a, a)];
          const [rows, columns] = [a.length / 4, b.length / 4];
          for (let i = 0; i < rows; i++) {
            expect(self[i * rows + i]).toBe(1);
            for (let j = 0; j < columns; j++) {
              const iou = there[i * columns + j]!;
              expect(iou).toBeCloseTo(back[j * rows + i]!, 6);
              expect(iou >= 0 && iou <= 1).toBe(true);
            }
          }
        }),
      ));

    it('any boxes give numbers in [0, 1]', () =>
      assert(
        property(wildBoxes(), (boxes) =>
          boxIou(boxes, boxes).forEach((iou) => expect(Number.isNaN(iou) || (iou >= 0 && iou <= 1)).toBe(true)),
        ),
      ));
  });
});
