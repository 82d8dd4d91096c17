import type { Centering } from '@covpool/covariance';
import type { DropAxis } from './cross-drop-cov.ts';

/** What a preset of the transformers' pooling stands for; options beside it win. */
export interface MgcrpPreset {
  centering: Centering;
  dropAxis: DropAxis;
  rate: 'adaptive' | number;
  elementRate: number;
  unusedBlock: boolean;
}

/**
 * `paper`: channels are centred and dropped at the adaptive rate. `reference`: what the authors' released code does: a fixed
 * rate of 0.2, whole tokens dropped, one mean per image and head, and a weight with a third block that plays no part.
 */
export const mgcrpPresets = {
  paper: { centering: 'channel', dropAxis: 'channel', rate: 'adaptive', elementRate: 0.5, unusedBlock: false },
  reference: { centering: 'scalar', dropAxis: 'token', rate: 0.2, elementRate: 0.5, unusedBlock: true },
} as const satisfies Record<string, MgcrpPreset>;

export type MgcrpPresetName = keyof typeof mgcrpPresets;
