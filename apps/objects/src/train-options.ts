import { type OptionSpecs, type OptionValues, userPath } from '@covpool/cli';
import type { TrainConfig } from './config.ts';

/** The options that say how to train. */
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
    summary: 'set one key, also a nested one: size.long=640, settings.anchors.scale=6',
  },
  data: {
    type: 'string',
    value: 'folder',
    summary: 'annotations/instances_<split>.json and pictures',
    fallback: 'the pictures that ship',
  },
  detector: { type: 'string', value: 'name', summary: 'faster-rcnn, mask-rcnn, or -small of them', fallback: 'small' },
  backbone: { type: 'string', value: 'name', summary: 'its trunk', fallback: 'resnet8-detection' },
  variant: { type: 'string', value: 'name', summary: 'of a residual trunk: GAP, GCP_D or GCP_M', fallback: 'GAP' },
  trunk: { type: 'string', value: 'file', summary: "a classifier's weights to start the trunk from" },
  from: { type: 'string', value: 'file', summary: "a detector's weights to start from" },
  'frozen-stages': { type: 'number', summary: 'stages of the trunk that are not trained', fallback: '0' },
  normalization: { type: 'string', value: 'kind', summary: 'batch, running, group or instance', fallback: 'batch' },
  conventions: { type: 'string', value: 'name', summary: 'mmdet2, mmdet1 or torchvision', fallback: 'mmdet2' },
  flips: { type: 'string', value: 'kind', summary: 'both, horizontal or none', fallback: 'both' },
  scales: {
    type: 'string',
    value: 'a,b',
    summary: 'show each batch at its size times a factor from a to b',
    fallback: '1,1',
  },
  jitter: { type: 'number', summary: 'strength of random brightness, contrast and saturation', fallback: '0' },
  epochs: { type: 'number', summary: 'passes over the training pictures', fallback: '30' },
  batch: { type: 'number', summary: 'pictures per step', fallback: '4' },
  shards: { type: 'number', summary: 'parts of a batch; with the seed it fixes the numbers', fallback: '2' },
  lr: { type: 'number', summary: 'peak learning rate', fallback: '0.02' },
  schedule: { type: 'string', value: 'name', summary: 'how the learning rate changes', fallback: 'cosine-warmup' },
  momentum: { type: 'number', summary: 'of SGD', fallback: '0.9' },
  'weight-decay': { type: 'number', summary: 'of SGD, on every weight', fallback: '1e-4' },
  'clip-norm': { type: 'number', summary: 'most that the norm of the gradients may be; 0: no limit', fallback: '5' },
  'evaluate-every': { type: 'number', summary: 'epochs between evaluations', fallback: '5' },
  seed: { type: 'number', summary: 'same seed and engine: same numbers', fallback: '0' },
  engine: { type: 'string', value: 'name', summary: 'what computes; see `doctor`', fallback: 'the fastest that works' },
  threads: { type: 'number', summary: 'threads that compute; changes no number', fallback: 'one per shard and core' },
  limit: { type: 'number', summary: 'use only so many pictures of a split' },
} as const satisfies OptionSpecs;

const PATHS: ReadonlySet<string> = new Set(['data', 'trunk', 'from']);

type Given = OptionValues<typeof trainOptions>;

/** The options as a configuration; what was not given is absent. */
export function optionsAsConfig(options: Given): Partial<Record<keyof TrainConfig, unknown>> {
  const choices = (Object.keys(trainOptions) as (keyof Given)[]).filter((name) => name !== 'config' && name !== 'set');
  const given = choices.map((name) => {
    const key = name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
    const value = options[name];
    return [key, PATHS.has(name) && typeof value === 'string' ? userPath(value) : value] as const;
  });
  return Object.fromEntries(given);
}
