import { checkpointOption, engineOption, type OptionSpecs } from '@covpool/cli';

/** The options that say which trained detector, and what computes it. */
export const detectorOptions = {
  run: { type: 'string', value: 'folder', summary: 'a run folder or a model folder', fallback: 'the shipped network' },
  weights: { type: 'string', value: 'file', summary: 'other weights for it: ours, of mmdetection or torchvision' },
  checkpoint: { ...checkpointOption, fallback: 'best' },
  engine: engineOption,
} as const satisfies OptionSpecs;
