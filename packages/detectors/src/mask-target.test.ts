import { expectClose, expectCovpoolError } from '@covpool/testing';
import { assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ConventionsName } from './conventions.ts';
import { readGolden } from './golden.fixture.ts';
import { type BitMask, maskTargets } from './mask-target.ts';
import { wildBoxes } from './wild-boxes.fixture.ts';

interface Golden {
  size: [number, number];
  side: number;
  masks: number[][];
  boxes: number[];
  truths: number[];
  mmdet2: number[];
  mmdet1: number[];
  torchvision: number[];
}

const golden = readGolden<Golden>('mask-target');
const names: ConventionsName[] = ['mmdet2', 'mmdet1', 'torchvision'];
const masks = golden.masks.map((pixels): BitMask => ({ size: golden.size, pixels: Uint8Array.from(pixels) }));
const square = (side: number): BitMask => ({ size: [side, side], pixels: new Uint8Array(side * side).fill(1) });
const of = (box: number[], mask: BitMask, conventions: ConventionsName, resolution = 28) =>
  maskTargets([mask], Int32Array.of(0), Float32Array.from(box), { resolution, conventions });

describe('maskTargets', () => {
  describe('values', () => {
    it.each(names)('are those of %s', async (conventions) => {
      const targets = maskTargets(masks, Int32Array.from(golden.truths), Float32Array.from(golden.boxes), {
        resolution: golden.side,
        conventions,
      });
      await expectClose(
        targets,
        golden[conventions],
        conventions === 'torchvision' ? { relative: 1e-6 } : { relative: 0 },
      );
    });

    it('are the mask below the box, 28×28 (spec 5)', () => {
      const mask = square(56);
      mask.pixels.fill(0, 0, 28 * 56); // the upper half
      const target = of([0, 0, 56, 56], mask, 'mmdet2');
      expect(target.length).toBe(28 * 28);
      expect([...target]).toEqual(Array.from({ length: 784 }, (_, i) => (i < 14 * 28 ? 0 : 1)));
    });

    it('without boxes are none', () => expect(maskTargets([], new Int32Array(), new Float32Array()).length).toBe(0));
  });

  describe('properties', () => {
    it('are 1 within a mask of ones', () => {
      expect(of([3, 4, 20, 31.5], square(40), 'mmdet2').every((value) => value === 1)).toBe(true);
      expect(of([3, 4, 20, 31.5], square(40), 'mmdet1').every((value) => value === 1)).toBe(true);
      expect(of([3, 4, 20, 31.5], square(40), 'torchvision').every((value) => Math.abs(value - 1) < 1e-6)).toBe(true);
    });

    it.each(names)('any boxes on masks of any size give numbers in [0, 1], by %s', (conventions) =>
      assert(
        property(wildBoxes(1), (box) => {
          for (const side of [1, 2, 30]) {
            if (box.length === 0) continue;
            for (const value of of([...box], square(side), conventions, 4)) {
              expect(value >= 0 && value <= 1 + 1e-6).toBe(true);
            }
          }
        }),
      ),
    );
  });

  describe('rejects', () => {
    it('boxes without a mask, and masks that are not their size', async () => {
      await expectCovpoolError(
        () => maskTargets([square(3)], Int32Array.of(1), new Float32Array(4)),
        'bad-argument',
        /for each of 1 boxes the index of one of 1 masks is required/,
      );
      await expectCovpoolError(
        () => of([0, 0, 1, 1], { size: [2, 3], pixels: new Uint8Array(5) }, 'mmdet2'),
        'bad-argument',
        /mask 0 of 2×3 must have as many pixels, got 5/,
      );
    });
  });
});
