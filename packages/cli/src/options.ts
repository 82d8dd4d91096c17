import { CovpoolError } from '@covpool/base';
import { commonOptions, type OptionSpec, type OptionSpecs } from './command.ts';
import type { Tree } from './config/tree.ts';

/** `--engine`. */
export const engineOption = {
  type: 'string',
  value: 'name',
  summary: 'what computes; see `doctor`',
  fallback: 'the fastest that works',
} as const satisfies OptionSpec;

/** `--checkpoint`; the command says which it takes without. */
export const checkpointOption = {
  type: 'string',
  value: 'which',
  choices: ['last', 'best'],
  summary: 'last or best, of a run folder',
} as const satisfies OptionSpec;

/** Where choices come from beside the options themselves. */
export const configOptions = {
  config: {
    type: 'string',
    value: 'file',
    summary: 'YAML or JSON file with these choices as keys; may `extends` others',
  },
  set: { type: 'string', value: 'key=value', multiple: true, summary: 'set one key, also a nested one' },
} as const satisfies OptionSpecs;

/** How a network learns. */
export const learningOptions = {
  epochs: { type: 'number', summary: 'passes over the training pictures' },
  batch: { type: 'number', summary: 'pictures per step' },
  shards: { type: 'number', summary: 'parts of a batch; with the seed it fixes the numbers', fallback: '2' },
  lr: { type: 'number', summary: 'peak learning rate' },
  schedule: { type: 'string', value: 'name', summary: 'how the learning rate changes' },
  momentum: { type: 'number', summary: 'of SGD', fallback: '0.9' },
  'weight-decay': { type: 'number', summary: 'of SGD, on every weight', fallback: '1e-4' },
} as const satisfies OptionSpecs;

/** What else a training is run with. */
export const runningOptions = {
  seed: { type: 'number', summary: 'same seed and engine: same numbers', fallback: '0' },
  engine: engineOption,
  threads: { type: 'number', summary: 'threads that compute; changes no number', fallback: 'one per shard and core' },
  limit: { type: 'number', summary: 'use only so many pictures of a split' },
} as const satisfies OptionSpecs;

/** Where a training's run folder is. */
export const runOptions = {
  out: { type: 'string', value: 'folder', summary: 'the run folder, new or empty' },
  resume: { type: 'string', value: 'folder', summary: 'go on with an interrupted run, exactly' },
} as const satisfies OptionSpecs;

/**
 * Options under the keys of a configuration: `--weight-decay` is `weightDecay`. What was not given is undefined; `configOptions` and
 * what is not in `specs` are left out.
 *
 * @param paths options that are paths, with what makes one of what the user typed
 */
export function optionsAsConfig(
  specs: OptionSpecs,
  options: Tree,
  paths: Record<string, (typed: string) => string> = {},
): Tree {
  const names = Object.keys(specs).filter((name) => !Object.hasOwn(configOptions, name));
  return Object.fromEntries(
    names.map((name) => {
      const key = name.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
      const value = options[name];
      return [key, typeof value === 'string' ? paths[name]?.(value) ?? value : value];
    }),
  );
}

/** Refuses options beside one that settles everything. */
export function checkNothingElse(verb: string, only: string, options: object): void {
  const others = Object.keys(options).filter((name) => name !== only && !Object.hasOwn(commonOptions, name));
  if (others.length === 0) return;
  throw new CovpoolError(
    'bad-argument',
    `${verb}: --${only} goes on with the run's own choices and takes no others, got --${others.join(', --')}`,
  );
}
