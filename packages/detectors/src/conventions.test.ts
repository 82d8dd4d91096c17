import { expectCovpoolError } from '@covpool/testing';
import { describe, expect, it } from 'vitest';
import { conventionsOf, regressedClasses } from './conventions.ts';

const [one, two, torchvision] = [conventionsOf('mmdet1'), conventionsOf('mmdet2'), conventionsOf('torchvision')];

describe('conventions', () => {
  describe('values', () => {
    it('are the rows of the table (spec 2)', () => {
      expect([one.extent, two.extent]).toEqual([1, 0]);
      expect([one.roiAlign.aligned, one.roiAlign.samplingRatio]).toEqual([false, 2]);
      expect([two.roiAlign.aligned, two.roiAlign.samplingRatio]).toEqual([true, 0]);
      expect([one.beta, two.beta]).toEqual([
        { proposals: 1 / 9, boxes: 1 },
        { proposals: 0, boxes: 0 },
      ]);
      expect([one.proposals.after, two.proposals.after]).toEqual([
        { train: 2000, test: 1000 },
        { train: 1000, test: 1000 },
      ]);
      expect([one.secondStageLowQuality, two.secondStageLowQuality]).toEqual([
        { boxes: true, masks: true },
        { boxes: false, masks: true },
      ]);
      expect([one.anchors.allowedBorder, two.anchors.allowedBorder]).toEqual([0, -1]);
      expect([one.background, two.background]).toEqual(['first', 'last']);
      expect([one.gradientClip, two.gradientClip]).toEqual([35, undefined]);
      expect([one.warmUpRatio, two.warmUpRatio]).toEqual([1 / 3, 0.001]);
      expect([one.scaleFactor, two.scaleFactor]).toEqual(['one', 'per-axis']);
      expect([one.maskTarget, two.maskTarget]).toEqual(['crop', 'binary']);
      expect([one.maskPaste, two.maskPaste]).toEqual(['box', 'grid']);
    });

    it('decode as many of each level in both (spec 4)', () => {
      expect(one.proposals.before).toEqual({ train: 2000, test: 1000 });
      expect(two.proposals.before).toEqual({ train: 2000, test: 1000 });
    });

    it('give the background outputs of its own where it is first: 81·4 and 80·4 (spec 2)', () => {
      expect(4 * regressedClasses(80, 'mmdet1')).toBe(4 * 81);
      expect(4 * regressedClasses(80)).toBe(4 * 80);
      expect(regressedClasses(90, 'torchvision')).toBe(91);
    });

    it('are mmdetection 2 by default', () => {
      expect(conventionsOf()).toBe(two);
      expect(torchvision).not.toBe(two);
    });
  });

  describe('rejects', () => {
    it('other names', () =>
      expectCovpoolError(
        () => conventionsOf('toString' as 'mmdet2'),
        'bad-argument',
        /unknown conventions 'toString'/,
      ));
  });
});
