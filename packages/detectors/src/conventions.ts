import { unknownName } from '@covpool/base';

/** Whose choices a detector follows: mmdetection 2.x (as of 2.4 and later), mmdetection 1.x, or torchvision. */
export type ConventionsName = 'mmdet2' | 'mmdet1' | 'torchvision';

/** Where the three families of released detectors differ. Everything in this package that depends on one reads it here. */
export interface Conventions {
  /** A box is x2 − x1 + extent wide: 1 where corners are pixels that belong to the box. Boxes are clipped to [0, W − extent]. */
  readonly extent: 0 | 1;
  readonly anchors: {
    /** Base anchors as they are, or centred on half a pixel and rounded, or centred on 0 and rounded half to even. */
    readonly base: 'exact' | 'pixels' | 'rounded';
    /** The distance of two anchors: the level's nominal stride, or ⌊picture / grid⌋. */
    readonly stride: 'nominal' | 'measured';
    /** How far an anchor may reach over the picture to be trained; −1: as far as it likes. (mmdetection 2.0 to 2.3 have 0.) */
    readonly allowedBorder: number;
    /** Pictures are padded to a multiple of this, each by itself; anchors of positions beyond are not trained. 0: all are. */
    readonly divisor: number;
  };
  /** Whether decoding clamps dw and dh from below as well as from above. */
  readonly clampsBelow: boolean;
  /** Class indices and outputs: background first and with a box and mask output of its own, or last and without. */
  readonly background: 'first' | 'last';
  /** Which boxes low-quality matching assigns a ground truth to: all that attain its best IoU, or those to what they fit best. */
  readonly lowQuality: 'to-the-truth' | 'to-the-best';
  /** Whether the second stage matches boxes of low quality, in a Faster R-CNN and in a Mask R-CNN. */
  readonly secondStageLowQuality: { readonly boxes: boolean; readonly masks: boolean };
  readonly proposals: {
    /** The best per level that are decoded, and how many are left in all. */
    readonly before: { readonly train: number; readonly test: number };
    readonly after: { readonly train: number; readonly test: number };
    /** Proposals that are not wider and higher than this are dropped. */
    readonly minSize: number;
  };
  /** Detections that are not wider and higher than this are dropped; undefined: none is. */
  readonly minDetectionSize: number | undefined;
  readonly roiAlign: {
    /** Shifts the box by half a pixel, so that a pixel's centre is where it is. */
    readonly aligned: boolean;
    /** Samples per bin and axis; 0: ⌈bin⌉, by the box. */
    readonly samplingRatio: number;
    /** Boxes count as at least so wide and high, in pixels of the features; undefined: as what they are. */
    readonly minSize: number | undefined;
  };
  /** Where smooth L1 turns linear; 0 is L1. */
  readonly beta: { readonly proposals: number; readonly boxes: number };
  /** The box cut out in whole pixels, or RoIAlign on the bitmap: its values, or whether they are 0.5 or more. */
  readonly maskTarget: 'crop' | 'binary' | 'soft';
  /** A mask sampled at pixel centres, or resized to a box of whole pixels, as it is or widened by a pixel of the mask. */
  readonly maskPaste: 'grid' | 'box' | 'padded-box';
  /** L2 norm that gradients are clipped to; undefined: none. */
  readonly gradientClip: number | undefined;
  /** Share of the learning rate that the warm-up starts with. */
  readonly warmUpRatio: number;
  /** Boxes go back to the picture's pixels by one factor, or by one for each axis. */
  readonly scaleFactor: 'one' | 'per-axis';
}

const table: Record<ConventionsName, Conventions> = {
  mmdet2: {
    extent: 0,
    anchors: { base: 'exact', stride: 'nominal', allowedBorder: -1, divisor: 32 },
    clampsBelow: true,
    background: 'last',
    lowQuality: 'to-the-truth',
    secondStageLowQuality: { boxes: false, masks: true },
    proposals: { before: { train: 2000, test: 1000 }, after: { train: 1000, test: 1000 }, minSize: 0 },
    minDetectionSize: undefined,
    roiAlign: { aligned: true, samplingRatio: 0, minSize: undefined },
    beta: { proposals: 0, boxes: 0 },
    maskTarget: 'binary',
    maskPaste: 'grid',
    gradientClip: undefined,
    warmUpRatio: 0.001,
    scaleFactor: 'per-axis',
  },
  mmdet1: {
    extent: 1,
    anchors: { base: 'pixels', stride: 'nominal', allowedBorder: 0, divisor: 32 },
    clampsBelow: true,
    background: 'first',
    lowQuality: 'to-the-truth',
    secondStageLowQuality: { boxes: true, masks: true },
    proposals: { before: { train: 2000, test: 1000 }, after: { train: 2000, test: 1000 }, minSize: 0 },
    minDetectionSize: undefined,
    roiAlign: { aligned: false, samplingRatio: 2, minSize: 0 },
    beta: { proposals: 1 / 9, boxes: 1 },
    maskTarget: 'crop',
    maskPaste: 'box',
    gradientClip: 35,
    warmUpRatio: 1 / 3,
    scaleFactor: 'one',
  },
  torchvision: {
    extent: 0,
    anchors: { base: 'rounded', stride: 'measured', allowedBorder: -1, divisor: 0 },
    clampsBelow: false,
    background: 'first',
    lowQuality: 'to-the-best',
    secondStageLowQuality: { boxes: false, masks: false },
    proposals: { before: { train: 2000, test: 1000 }, after: { train: 2000, test: 1000 }, minSize: 1e-3 },
    minDetectionSize: 1e-2,
    roiAlign: { aligned: false, samplingRatio: 2, minSize: 1 },
    beta: { proposals: 1 / 9, boxes: 1 / 9 },
    maskTarget: 'soft',
    maskPaste: 'padded-box',
    gradientClip: undefined,
    warmUpRatio: 0.001,
    scaleFactor: 'per-axis',
  },
};

/** What every function of this package takes to follow one family or the other. */
export interface ConventionsOption {
  /** @default 'mmdet2' */
  conventions?: ConventionsName;
}

/**
 * The choices of one family.
 *
 * @throws bad-argument for an unknown name
 */
export function conventionsOf(name: ConventionsName = 'mmdet2'): Conventions {
  if (!Object.hasOwn(table, name)) throw unknownName('detectors', 'conventions', name, Object.keys(table));
  return table[name];
}

/** Outputs of the box and mask heads per box: one per class, and one for the background where that comes first. */
export const regressedClasses = (classes: number, name?: ConventionsName): number =>
  conventionsOf(name).background === 'first' ? classes + 1 : classes;
