import { expectClose, expectCovpoolError } from '@covpool/testing';
import { assert, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clipBoxes, decodeBoxes, encodeBoxes, SECOND_STAGE_DEVIATIONS } from './box-coder.ts';
import type { ConventionsName } from './conventions.ts';
import { readGolden } from './golden.fixture.ts';
import { tidyBoxes, wildBoxes } from './wild-boxes.fixture.ts';

interface Golden {
  boxes: number[];
  truths: number[];
  deltas: number[];
  cases: { deviations: [number, number, number, number]; encoded: number[]; decoded: number[] }[];
}

const golden = readGolden<Golden>('box-coder');
const names: ConventionsName[] = ['mmdet2', 'mmdet1', 'torchvision'];
const to6 = { relative: 0, absolute: 6e-7 };

describe('box coder', () => {
  describe('values', () => {
    const [box, truth] = [Float32Array.of(10, 20, 50, 100), Float32Array.of(14, 30, 70, 90)];
    const deviations = SECOND_STAGE_DEVIATIONS;

    it('are those of the example (spec 4)', async () => {
      await expectClose(encodeBoxes(box, truth), [0.3, 0, 0.336472, -0.287682], to6);
      await expectClose(encodeBoxes(box, truth, { deviations }), [3, 0, 1.682361, -1.43841], to6);
      const legacy = encodeBoxes(box, truth, { conventions: 'mmdet1' });
      await expectClose(legacy, [0.292683, 0, 0.329479, -0.283575], to6);
    });

    it('are those of the checks of decoding (spec 4)', async () => {
      const to4 = { relative: 0, absolute: 5e-5 };
      const unit = Float32Array.of(0, 0, 1, 1);
      const decode = (...deltas: number[]) => decodeBoxes(unit, Float32Array.from(deltas), { picture: [32, 32] });
      expect([...decode(0, 0, 0, 0)]).toEqual([0, 0, 1, 1]);
      await expectClose(decode(1, 1, 1, 1), [0.1409, 0.1409, 2.8591, 2.8591], to4);
      await expectClose(decode(0, 0, 2, -1), [0, 0.3161, 4.1945, 0.6839], to4);
    });

    it('clamp sizes to 62.5 times up and, but for torchvision, down (spec 4)', () => {
      const unit = Float32Array.of(0, 0, 1, 1);
      for (const conventions of ['mmdet2', 'torchvision'] as const) {
        const [x1, y1, x2, y2] = decodeBoxes(unit, Float32Array.of(0, 0, 99, -99), { conventions });
        expect(x2! - x1!).toBeCloseTo(62.5, 4);
        expect(y2! - y1!).toBeCloseTo(conventions === 'mmdet2' ? 0.016 : 0, 6);
      }
      expect(Math.log(1000 / 16)).toBeCloseTo(4.135167, 6);
    });

    it.each(golden.cases)('are torchvision’s, deviations $deviations', async ({ deviations, encoded, decoded }) => {
      const [boxes, deltas] = [Float32Array.from(golden.boxes), Float32Array.from(golden.deltas)];
      const options = { deviations, conventions: 'torchvision' } as const;
      await expectClose(encodeBoxes(boxes, Float32Array.from(golden.truths), options), encoded, { relative: 1e-6 });
      await expectClose(decodeBoxes(boxes, deltas, options), decoded, { relative: 1e-6 });
    });

    it('clip to the last pixel where that belongs to the box', () => {
      const box = Float32Array.of(-3, -4, 99, 98);
      expect([...clipBoxes(box, [20, 30])]).toEqual([0, 0, 30, 20]);
      expect([...clipBoxes(box, [20, 30], { conventions: 'mmdet1' })]).toEqual([0, 0, 29, 19]);
    });

    it('decode nothing to nothing', () => expect(decodeBoxes(new Float32Array(), new Float32Array()).length).toBe(0));
  });

  describe('properties', () => {
    it.each(names)('decoding inverts encoding, by %s (spec 11.6)', (conventions) => {
      const largestError = (box: Float32Array, truth: Float32Array): number => {
        const again = decodeBoxes(box, encodeBoxes(box, truth, { conventions }), { conventions });
        return Math.max(...truth.map((value, i) => Math.abs(again[i]! - value)));
      };
      expect(largestError(Float32Array.of(10, 20, 50, 100), Float32Array.of(14, 30, 70, 90))).toBeLessThan(1e-5);
      // Float32 deltas: a shift of up to 110 and half a side of up to 25·ln 50 err by 2⁻²⁴ of themselves, so does the result.
      const limit = (110 + 25 * Math.log(50) + 110) * 2 ** -24;
      assert(
        property(tidyBoxes(1, 1), tidyBoxes(1, 1), (box, truth) => {
          expect(largestError(box, truth)).toBeLessThan(limit);
        }),
      );
    });

    it('any boxes and deltas give boxes in the picture', () =>
      assert(
        property(wildBoxes(), (boxes) => {
          const deltas = boxes.map((_, i) => ((i * 7919) % 13) - 6);
          const decoded = decodeBoxes(boxes, deltas, { picture: [40, 50] });
          const outside = decoded.filter((value, i) => value < 0 || value > (i % 2 === 0 ? 50 : 40));
          expect([...outside]).toEqual([]);
        }),
      ));
  });

  describe('rejects', () => {
    it('lengths that do not fit', async () => {
      const box = Float32Array.of(0, 0, 1, 1);
      await expectCovpoolError(() => encodeBoxes(box, new Float32Array(8)), 'bad-argument', /one truth per box/);
      await expectCovpoolError(() => decodeBoxes(box, new Float32Array(6)), 'bad-argument', /four deltas/);
      await expectCovpoolError(() => encodeBoxes(new Float32Array(3), box), 'bad-argument', /boxes must be x1, y1/);
    });
  });
});
