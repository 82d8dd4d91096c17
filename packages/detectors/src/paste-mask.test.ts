import { expectClose, expectCovpoolError } from '@covpool/testing';
import { assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PictureSize } from './boxes.ts';
import { conventionsOf, type ConventionsName } from './conventions.ts';
import { readGolden } from './golden.fixture.ts';
import { maskWindow } from './mask-window.ts';
import { pasteMask } from './paste-mask.ts';
import { wildBoxes } from './wild-boxes.fixture.ts';

interface Golden {
  picture: [number, number];
  side: number;
  boxes: number[];
  masks: number[];
  mmdet2: (number[] | null)[];
  mmdet1: (number[] | null)[];
  torchvision: (number[] | null)[];
}

const golden = readGolden<Golden>('paste-mask');
const names: ConventionsName[] = ['mmdet2', 'mmdet1', 'torchvision'];

/** The values of a pasted mask in the whole picture. */
function pasted(
  mask: Float32Array,
  box: Float32Array,
  picture: PictureSize,
  conventions: ConventionsName,
): Float32Array {
  const { left, top, width, height, values } = maskWindow(mask, box, picture, conventionsOf(conventions).maskPaste);
  const whole = new Float32Array(picture[0] * picture[1]);
  for (let i = 0; i < height; i++) {
    whole.set(values.subarray(i * width, (i + 1) * width), (top + i) * picture[1] + left);
  }
  return whole;
}

const onePixels = (mask: Uint8Array, width: number): string[] =>
  [...mask.keys()].filter((i) => mask[i] === 1).map((i) => `${i % width},${Math.floor(i / width)}`);

describe('pasteMask', () => {
  describe('values', () => {
    describe.each(names)('of %s', (conventions) => {
      it.each([0, 1, 2, 3, 4].filter((n) => golden[conventions][n]))('are the reference’s, box %i', async (n) => {
        const mask = Float32Array.from(golden.masks.slice(25 * n, 25 * n + 25));
        const box = Float32Array.from(golden.boxes.slice(4 * n, 4 * n + 4));
        await expectClose(pasted(mask, box, golden.picture, conventions), golden[conventions][n]!, { relative: 2e-6 });
      });
    });

    it('of ones in [2,3,7,9] are x 2 to 6, y 3 to 8: 30 pixels (spec 7)', () => {
      const mask = pasteMask(new Float32Array(784).fill(1), Float32Array.of(2, 3, 7, 9), [12, 11]);
      const expected = [3, 4, 5, 6, 7, 8].flatMap((y) => [2, 3, 4, 5, 6].map((x) => `${x},${y}`));
      expect(onePixels(mask, 11)).toEqual(expected);
      expect(expected.length).toBe(30);
    });

    it('belong to the mask at the threshold in mmdetection 2, above it in the others', () => {
      const half = new Float32Array(784).fill(0.5);
      const counts = names.map(
        (conventions) =>
          pasteMask(half, Float32Array.of(0, 0, 9, 9), [10, 10], { conventions }).filter((v) => v === 1).length,
      );
      expect(counts).toEqual([81, 0, 0]);
      const low = pasteMask(half, Float32Array.of(0, 0, 9, 9), [10, 10], { conventions: 'mmdet1', threshold: 0.4 });
      expect(low.every((value) => value === 1)).toBe(true);
    });

    it('of boxes outside the picture, or without sides, are none', () => {
      const ones = new Float32Array(784).fill(1);
      for (const box of [
        [20, 20, 30, 30],
        [-30, -30, -20, -20],
        [4, 4, 4, 9],
        [6, 6, 2, 2],
      ]) {
        expect(pasteMask(ones, Float32Array.from(box), [10, 10]).some((value) => value !== 0)).toBe(false);
      }
    });
  });

  describe('properties', () => {
    it.each(names)('any box in a picture of any size gives a mask of the picture, by %s', (conventions) =>
      assert(
        property(wildBoxes(1), (box) => {
          if (box.length === 0) return;
          for (const picture of [
            [1, 1],
            [30, 7],
          ] as const) {
            const mask = pasteMask(new Float32Array(16).fill(0.9), box, picture, { conventions });
            expect(mask.length).toBe(picture[0] * picture[1]);
          }
        }),
      ),
    );
  });

  describe('rejects', () => {
    it('maps that are not square, and more than a box', async () => {
      const [box, map] = [new Float32Array(4), new Float32Array(784)];
      await expectCovpoolError(
        () => pasteMask(new Float32Array(783), box, [9, 9]),
        'bad-argument',
        /S² probabilities and one box are required, got 783 and 1/,
      );
      await expectCovpoolError(() => pasteMask(map, new Float32Array(8), [9, 9]), 'bad-argument', /got 784 and 2/);
    });
  });
});
