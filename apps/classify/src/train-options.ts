import {
  configOptions,
  learningOptions,
  optionsAsConfig,
  type OptionSpecs,
  type OptionValues,
  runningOptions,
  userPath,
} from '@covpool/cli';
import { weightsPath } from './weights-path.ts';

/** The options that say how to train; those of `train` and, but for the pooling, of `compare`. */
export const trainOptions = {
  ...configOptions,
  set: { ...configOptions.set, summary: `${configOptions.set.summary}: pool.iterations=3` },
  data: {
    type: 'string',
    value: 'folder',
    summary: 'train/<class>/… and val/<class>/…',
    fallback: 'the materials pictures',
  },
  backbone: { type: 'string', value: 'name', summary: 'network below the pooling', fallback: 'resnet8' },
  attention: {
    type: 'string',
    value: 'name',
    summary: 'in its blocks: gsop-channel, …',
    fallback: "the backbone's own",
  },
  weights: {
    type: 'string',
    value: 'file',
    summary: 'start from these, as far as they fit: .pth, .safetensors, a folder, an address',
  },
  dim: { type: 'number', summary: 'channels that second-order poolings see', fallback: '64' },
  size: { type: 'number', value: 'pixels', summary: 'side of the input', fallback: '64' },
  augment: { type: 'string', value: 'kind', summary: 'crop, resized-crop or none', fallback: 'crop' },
  flips: { type: 'string', value: 'kind', summary: 'both, horizontal or none', fallback: 'both' },
  ...learningOptions,
  epochs: { ...learningOptions.epochs, fallback: '15, or as a published schedule has it' },
  batch: { ...learningOptions.batch, fallback: '32' },
  lr: { ...learningOptions.lr, fallback: '0.1' },
  schedule: { ...learningOptions.schedule, fallback: 'linear' },
  ...runningOptions,
} as const satisfies OptionSpecs;

/** The options as a configuration, but for `--dim`, which is one of whatever pooling there is; what was not given is undefined. */
export const trainingChoices = ({ dim: _, ...options }: OptionValues<typeof trainOptions>) =>
  optionsAsConfig(trainOptions, options, { data: userPath, weights: weightsPath });
