import { unknownName } from '@covpool/base';

/** What a preset of DropCov stands for; options beside it win. */
export interface DropCovPreset {
  /** Channels of the reduction in front of the pooling. */
  dim: number;
  /** The constant D of the paper. */
  scale: number;
  /** The highest rate. */
  maxRate: number;
}

/**
 * `paper`: the paper's rate, capped so that no step loses every feature, at the 128 channels that the published parameter
 * counts imply. `reference`: the authors' released PyTorch code, 256 channels and no cap.
 */
export const dropCovPresets = {
  paper: { dim: 128, scale: 10, maxRate: 0.95 },
  reference: { dim: 256, scale: 10, maxRate: 1 },
} as const satisfies Record<string, DropCovPreset>;

export type DropCovPresetName = keyof typeof dropCovPresets;

/** A preset by name, or an error that lists those there are. */
export function presetOf<T>(who: string, presets: Record<string, T>, name: string): T {
  const preset = Object.hasOwn(presets, name) ? presets[name] : undefined;
  if (preset === undefined) throw unknownName(who, 'preset', name, Object.keys(presets));
  return preset;
}
