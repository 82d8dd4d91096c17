import { describe, expect, it } from 'vitest';
import { expectClose, expectCovpoolError } from '@covpool/testing';
import { anchorsInside, anchorsOnPicture, anchorStrides, baseAnchors, gridAnchors } from './anchors.ts';
import { readGolden } from './golden.fixture.ts';

const golden = readGolden<{ picture: [number, number]; grids: [number, number][]; anchors: number[] }>('anchors');

describe('anchors', () => {
  describe('values', () => {
    it('are those of mmdetection 2 at stride 4 (spec 4)', () =>
      expectClose(
        baseAnchors(4),
        [
          [-22.6274, -11.3137, 22.6274, 11.3137],
          [-16, -16, 16, 16],
          [-11.3137, -22.6274, 11.3137, 22.6274],
        ].flat(),
        { relative: 0, absolute: 5e-5 },
      ));

    it('are those of mmdetection 1 at strides 4 and 64 (spec 4)', () => {
      expect([...baseAnchors(4, { conventions: 'mmdet1' })]).toEqual([
        -21, -9, 24, 12, -14, -14, 17, 17, -9, -21, 12, 24,
      ]);
      expect([...baseAnchors(64, { conventions: 'mmdet1', ratios: [1] })]).toEqual([-224, -224, 287, 287]);
    });

    it('are torchvision’s, whose strides are what the grid leaves', () => {
      const conventions = 'torchvision';
      const anchors = golden.grids.flatMap((grid, level) => {
        const strides = anchorStrides(4 * 2 ** level, grid, golden.picture, { conventions });
        return [...gridAnchors(baseAnchors(4 * 2 ** level, { conventions }), grid, strides)];
      });
      expect(anchors.map((value) => value + 0)).toEqual(golden.anchors);
    });

    it('of 800×1344 are 268,569 on five levels (spec 4)', () => {
      const grids = [
        [200, 336],
        [100, 168],
        [50, 84],
        [25, 42],
        [13, 21],
      ] as const;
      const counts = grids.map(
        (grid, level) => gridAnchors(baseAnchors(4 * 2 ** level), grid, [4 * 2 ** level, 4 * 2 ** level]).length / 4,
      );
      expect(counts.reduce((a, b) => a + b)).toBe(268_569);
      expect(anchorStrides(64, [13, 21], [800, 1344])).toEqual([64, 64]);
      expect(anchorStrides(64, [13, 21], [800, 1344], { conventions: 'torchvision' })).toEqual([61, 64]);
    });

    it('go by rows, then columns, then ratios, with (j·s, i·s) added (spec 4)', () => {
      const base = baseAnchors(8);
      const anchors = gridAnchors(base, [2, 3], [8, 16]);
      expect(anchors.length).toBe(4 * 2 * 3 * 3);
      const at = 4 * ((1 * 3 + 2) * 3 + 1); // row 1, column 2, ratio 1
      expect([...anchors.subarray(at, at + 4)]).toEqual([-32 + 32, -32 + 8, 32 + 32, 32 + 8]);
    });

    it('keep the scales of a ratio together', () => {
      const widths = baseAnchors(4, { scales: [1, 2], ratios: [1, 4] }).filter((_, i) => i % 4 === 2);
      expect([...widths]).toEqual([2, 4, 1, 2]);
    });

    it('are trained where they are in the picture without padding, if the border is 0 (spec 2, 4)', () => {
      const anchors = Float32Array.of(0, 0, 9, 9, 0, 0, 10, 9, -1, 0, 5, 5, 0, 0, 9, 20);
      expect([...anchorsInside(anchors, [20, 10], { conventions: 'mmdet1' })]).toEqual([1, 0, 0, 0]);
      expect([...anchorsInside(anchors, [20, 10], { allowedBorder: 0 })]).toEqual([1, 0, 0, 0]);
      expect([...anchorsInside(anchors, [20, 10], { allowedBorder: 2 })]).toEqual([1, 1, 1, 1]);
      expect([...anchorsInside(anchors, [20, 10])]).toEqual([1, 1, 1, 1]);
    });
  });

  describe('anchorsOnPicture', () => {
    const count = (flags: Uint8Array) => flags.reduce((sum, flag) => sum + flag, 0);

    it('leaves out positions beyond the picture and its own padding', () => {
      // 40×70 is padded to 64×96: at stride 16 that is 4 of 6 rows and 6 of 8 columns.
      const on = anchorsOnPicture([6, 8], 3, 16, [40, 70]);
      expect(on).toHaveLength(6 * 8 * 3);
      expect([...on.subarray(3 * 8 * 3, 4 * 8 * 3)]).toEqual([...Array(18).fill(1), ...Array(6).fill(0)]);
      expect(count(on.subarray(4 * 8 * 3))).toBe(0);
      expect(count(on)).toBe(4 * 6 * 3);
      expect(count(anchorsOnPicture([6, 8], 3, 16, [40, 70], { conventions: 'mmdet1' }))).toBe(4 * 6 * 3);
    });

    it('keeps all where the picture fills the batch, and with torchvision’s conventions', () => {
      expect(count(anchorsOnPicture([13, 21], 3, 64, [800, 1333]))).toBe(13 * 21 * 3);
      expect(count(anchorsOnPicture([6, 8], 3, 16, [40, 70], { conventions: 'torchvision' }))).toBe(6 * 8 * 3);
      // A tensor that is not padded to the multiple has fewer positions than the rule would allow.
      expect(count(anchorsOnPicture([3, 5], 1, 16, [40, 70]))).toBe(15);
    });
  });

  describe('rejects', () => {
    it('strides, scales and ratios that are not positive, and unknown conventions', async () => {
      await expectCovpoolError(() => baseAnchors(0), 'bad-argument', /baseAnchors: .* must be positive, got 0/);
      await expectCovpoolError(() => baseAnchors(4, { ratios: [NaN] }), 'bad-argument', /must be positive/);
      await expectCovpoolError(
        () => baseAnchors(4, { conventions: 'detectron' as 'mmdet2' }),
        'bad-argument',
        /unknown conventions 'detectron'; known: mmdet1, mmdet2, torchvision/,
      );
    });
  });
});
