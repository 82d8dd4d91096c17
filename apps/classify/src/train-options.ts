import { type OptionSpecs, type OptionValues, userPath } from '@covpool/cli';
import type { TrainConfig } from './config.ts';
import { weightsPath } from './weights-path.ts';

/** The options that say how to train; those of `train` and, but for the pooling, of `compare`. */
export const trainOptions = {
  config: {
    type: 'string',
    value: 'file',
    summary: 'YAML or JSON file with these choices as keys; may `extends` others',
  },
  set: {
    type: 'string',
    value: 'key=value',
    multiple: true,
    summary: 'set one key, also a nested one: pool.iterations=3',
  },
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
  epochs: { type: 'number', summary: 'passes over the training pictures' },
  batch: { type: 'number', summary: 'pictures per step', fallback: '32' },
  shards: { type: 'number', summary: 'parts of a batch; with the seed it fixes the numbers', fallback: '2' },
  lr: { type: 'number', summary: 'peak learning rate', fallback: '0.1' },
  schedule: { type: 'string', value: 'name', summary: 'how the learning rate changes', fallback: 'linear' },
  momentum: { type: 'number', summary: 'of SGD', fallback: '0.9' },
  'weight-decay': { type: 'number', summary: 'of SGD, on every weight', fallback: '1e-4' },
  seed: { type: 'number', summary: 'same seed and engine: same numbers', fallback: '0' },
  engine: { type: 'string', value: 'name', summary: 'what computes; see `doctor`', fallback: 'the fastest that works' },
  threads: { type: 'number', summary: 'threads that compute; changes no number', fallback: 'one per shard and core' },
  limit: { type: 'number', summary: 'use only so many pictures of a split' },
} as const satisfies OptionSpecs;

type Given = OptionValues<typeof trainOptions>;

/** The options as a configuration, without those that are no choices of a training; what was not given is absent. */
export function optionsAsConfig(options: Given): Partial<Record<keyof TrainConfig, unknown>> {
  const choices = Object.keys(trainOptions).filter(
    (name) => !['config', 'set', 'dim'].includes(name),
  ) as (keyof Given)[];
  const given = Object.fromEntries(choices.map((name) => [name, options[name]]));
  const { 'weight-decay': weightDecay, data, weights, ...rest } = given;
  return {
    ...rest,
    weightDecay,
    data: typeof data === 'string' ? userPath(data) : undefined,
    weights: typeof weights === 'string' ? weightsPath(weights) : undefined,
  };
}
