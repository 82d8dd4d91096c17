import { checkArgument, unknownName } from '@covpool/base';
import { type ConventionsName, conventionsOf } from './conventions.ts';
import { type Flips, viewsOf } from './views.ts';

/** Sizes and thresholds of a detector. */
export interface DetectorSettings {
  /** The pyramid: channels of every level, and how many levels it has beyond those of the backbone. */
  neck: { channels: number; extraLevels: number };
  /** Height by width, and the side of the anchors of a level: `scale` times its stride. */
  anchors: { scale: number; ratios: readonly number[] };
  /** The first stage: what it is trained on, and how many proposals it makes (`selectProposals`). */
  proposals: {
    positive: number;
    negative: number;
    sample: number;
    positiveFraction: number;
    threshold: number;
    before: { train: number; test: number };
    after: { train: number; test: number };
  };
  /** The second stage: bins of the pooled features, width of the hidden layers, what it is trained on. */
  boxes: {
    size: number;
    channels: number;
    overlap: number;
    sample: number;
    positiveFraction: number;
    lowQuality: boolean;
  };
  /** Bins of the pooled features, half the resolution of the masks; the convolutions and their width. */
  masks: { size: number; convolutions: number; channels: number };
  /**
   * Which detections count; whether `threshold` suppresses (`hard`, `nms`) or lowers scores (`softNms`); the mirrored views of a picture
   * that a prediction is the mean of.
   */
  test: {
    minScore: number;
    threshold: number;
    count: number;
    suppression: 'hard' | 'linear' | 'gaussian';
    flips: Flips;
  };
}

/** Changes of single values. */
export type SettingsChanges = { [Part in keyof DetectorSettings]?: Partial<DetectorSettings[Part]> };

/** A network in the registry of this package. */
interface Plan {
  masks: boolean;
  changes: SettingsChanges;
}

const small: SettingsChanges = {
  neck: { channels: 64, extraLevels: 0 },
  anchors: { scale: 4 },
  proposals: { before: { train: 500, test: 500 }, after: { train: 300, test: 300 } },
  boxes: { size: 5, channels: 128 },
  masks: { size: 10, convolutions: 2, channels: 64 },
};

const plans: Record<string, Plan> = {
  'faster-rcnn': { masks: false, changes: {} },
  'mask-rcnn': { masks: true, changes: {} },
  'faster-rcnn-small': { masks: false, changes: small },
  'mask-rcnn-small': {
    masks: true,
    // Nuclei are small, and there are many.
    changes: { ...small, anchors: { scale: 3 }, test: { count: 150 } },
  },
};

/** The names that `createDetector` knows. */
export const listDetectors = (): string[] => Object.keys(plans);

/**
 * The settings of a network of this package: those of mmdetection and torchvision, smaller ones for a CPU, and the changes.
 *
 * @throws bad-argument for an unknown name
 */
export function detectorSettings(
  name: string,
  conventions: ConventionsName,
  changes: SettingsChanges = {},
): { masks: boolean; settings: DetectorSettings } {
  if (!Object.hasOwn(plans, name)) throw unknownName('createDetector', 'detector', name, Object.keys(plans));
  const { masks, changes: planned } = plans[name]!;
  const { proposals, secondStageLowQuality } = conventionsOf(conventions);
  const usual: DetectorSettings = {
    neck: { channels: 256, extraLevels: 1 },
    anchors: { scale: 8, ratios: [0.5, 1, 2] },
    proposals: {
      positive: 0.7,
      negative: 0.3,
      sample: 256,
      positiveFraction: 0.5,
      threshold: 0.7,
      before: proposals.before,
      after: proposals.after,
    },
    boxes: {
      size: 7,
      channels: 1024,
      overlap: 0.5,
      sample: 512,
      positiveFraction: 0.25,
      lowQuality: masks ? secondStageLowQuality.masks : secondStageLowQuality.boxes,
    },
    masks: { size: 14, convolutions: 4, channels: 256 },
    test: { minScore: 0.05, threshold: 0.5, count: 100, suppression: 'hard', flips: 'none' },
  };
  const settings = [planned, changes].reduce<DetectorSettings>(merge, usual);
  for (const part of ['neck', 'boxes', 'masks'] as const) {
    for (const [key, value] of Object.entries(settings[part])) {
      checkArgument(
        typeof value === 'boolean' || (Number.isFinite(value) && value >= 0),
        () => `createDetector: ${part}.${key} must be a number of at least 0, got ${value}`,
      );
    }
  }
  viewsOf(settings.test.flips);
  const { suppression } = settings.test;
  checkArgument(
    ['hard', 'linear', 'gaussian'].includes(suppression),
    () => `createDetector: test.suppression must be hard, linear or gaussian, got '${suppression}'`,
  );
  return { masks, settings };
}

function merge(settings: DetectorSettings, changes: SettingsChanges): DetectorSettings {
  const merged: Record<string, object> = { ...settings };
  for (const [part, values] of Object.entries(changes)) {
    if (!Object.hasOwn(settings, part)) throw unknownName('createDetector', 'setting', part, Object.keys(settings));
    const known = Object.keys(merged[part]!);
    for (const key of Object.keys(values)) {
      if (!known.includes(key)) throw unknownName('createDetector', `setting of ${part}`, key, known);
    }
    merged[part] = { ...merged[part], ...values };
  }
  return merged as unknown as DetectorSettings;
}
