import type { ConventionsName } from './conventions.ts';
import { Detector } from './detector.ts';
import type { Backbone } from './detector-network.ts';
import { detectorSettings, type SettingsChanges } from './settings.ts';

export interface DetectorOptions extends SettingsChanges {
  /** Of `createBackbone`; it becomes part of the detector. */
  backbone: Backbone;
  /** How many, without the background. */
  classes: number;
  /** Whose choices it follows, and whose weights it takes: `mmdet2` by default. */
  conventions?: ConventionsName;
  /** Seed of the initial weights of neck and heads. */
  seed?: number;
}

/**
 * A detector: `faster-rcnn` or `mask-rcnn` in the sizes of mmdetection and torchvision, `faster-rcnn-small` or `mask-rcnn-small` for a
 * CPU. Any backbone with stage outputs, each of twice the stride of the one before, fits.
 *
 * ```ts
 * const backbone = createBackbone('resnet50', { variant: 'GCP_M', frozenStages: 1, normalization: 'running' });
 * loadTrunk(backbone.model, tensors);
 * const detector = createDetector('mask-rcnn', { backbone, classes: 80 });
 * const cpu = createDetector('faster-rcnn-small', { backbone: createBackbone('resnet8-detection'), classes: 3 });
 * ```
 * @throws bad-argument for an unknown name, setting or conventions, listing what exists
 */
export function createDetector(
  name: string,
  { backbone, classes, conventions = 'mmdet2', seed = 0, ...changes }: DetectorOptions,
): Detector {
  const { masks, settings } = detectorSettings(name, conventions, changes);
  return new Detector({ name, backbone, classes, conventions, masks, settings, seed });
}
