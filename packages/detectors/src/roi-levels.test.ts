import { expectCovpoolError } from '@covpool/testing';
import { assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roiLevels } from './roi-levels.ts';
import { wildBoxes } from './wild-boxes.fixture.ts';

const squares = (...sides: number[]) => Float32Array.from(sides.flatMap((side) => [5, 7, 5 + side, 7 + side]));

describe('roiLevels', () => {
  describe('values', () => {
    it('are those of squares of these sides (spec 4)', () =>
      expect([...roiLevels(squares(55, 112, 223, 224, 447, 448))]).toEqual([0, 1, 1, 2, 2, 3]));

    it('add a pixel in mmdetection 1 (spec 4)', () =>
      expect([...roiLevels(squares(54, 110, 111, 222, 223, 447), { conventions: 'mmdet1' })]).toEqual([
        0, 0, 1, 1, 2, 3,
      ]));

    it('stay on the levels there are', () => {
      expect([...roiLevels(squares(1, 900, 3000))]).toEqual([0, 3, 3]);
      expect([...roiLevels(squares(1, 900), { levels: 1 })]).toEqual([0, 0]);
      expect([...roiLevels(squares(15, 16, 64), { finest: 8, levels: 3 })]).toEqual([0, 1, 2]);
    });

    it('go by the area, and are 0 without one', () => {
      expect([...roiLevels(Float32Array.of(0, 0, 28, 448))]).toEqual([1]);
      expect([...roiLevels(Float32Array.of(5, 5, 5, 900, 9, 9, 1, 1))]).toEqual([0, 0]);
    });
  });

  describe('properties', () => {
    it('any boxes have a level', () =>
      assert(
        property(wildBoxes(), (boxes) => {
          for (const level of roiLevels(boxes)) expect(level >= 0 && level < 4).toBe(true);
        }),
      ));
  });

  describe('rejects', () => {
    it('no levels', () =>
      expectCovpoolError(() => roiLevels(squares(3), { levels: 0 }), 'bad-argument', /levels must be a positive/));
  });
});
