import { checkArgument, unknownName } from '@covpool/base';
import type { Random } from '@covpool/base';
import { colorJitter } from './color-jitter.ts';
import type { ColorJitterOptions } from './color-jitter.ts';
import { centerCrop, randomCrop } from './crop.ts';
import type { RandomCropOptions } from './crop.ts';
import { randomHorizontalFlip, randomVerticalFlip } from './flip.ts';
import type { RandomFlipOptions } from './flip.ts';
import type { Picture } from './picture.ts';
import { randomResizedCrop } from './random-resized-crop.ts';
import type { RandomResizedCropOptions } from './random-resized-crop.ts';
import { resize } from './resize.ts';
import { resizeKernels } from './resize-filters.ts';
import type { ResizeFilter } from './resize-filters.ts';
import { resizeShorterSide } from './resize-shorter-side.ts';

/** A step between a decoded picture and the network's input; all it draws comes from the given stream. */
export type Transform = (picture: Picture, random: Random) => Picture;

/** Every transform's options by its name. */
export interface TransformOptions {
  resize: { size: number; filter?: ResizeFilter };
  'resize-shorter-side': { size: number; filter?: ResizeFilter };
  'center-crop': { size: number };
  'random-crop': RandomCropOptions;
  'random-resized-crop': RandomResizedCropOptions;
  'horizontal-flip': RandomFlipOptions;
  'vertical-flip': RandomFlipOptions;
  'color-jitter': ColorJitterOptions;
}

export type TransformName = keyof TransformOptions;

/** A transform as plain data: `{ name: 'random-resized-crop', size: 64, scale: [0.5, 1] }`. */
export type TransformSpec = { [N in TransformName]: { name: N } & TransformOptions[N] }[TransformName];

/** What an option's value must be, and how to say so. */
interface Rule {
  text: string;
  holds(value: unknown): boolean;
  required?: true;
}

const size: Rule = {
  text: 'a positive whole number',
  holds: (v) => Number.isInteger(v) && (v as number) > 0,
  required: true,
};
const padding: Rule = { text: 'a whole number from 0 up', holds: (v) => Number.isInteger(v) && (v as number) >= 0 };
const probability: Rule = { text: 'a number in 0..1', holds: (v) => typeof v === 'number' && v >= 0 && v <= 1 };
const strength: Rule = { text: 'a finite number from 0 up', holds: (v) => Number.isFinite(v) && (v as number) >= 0 };
const filter: Rule = {
  text: `one of ${Object.keys(resizeKernels).join(', ')}`,
  holds: (v) => typeof v === 'string' && Object.hasOwn(resizeKernels, v),
};
const interval = (upper: number): Rule => ({
  text: `[low, high] with 0 < low <= high${upper === Infinity ? '' : ` <= ${upper}`}`,
  holds: (v) =>
    Array.isArray(v) && v.length === 2 && v.every(Number.isFinite) && v[0] > 0 && v[0] <= v[1] && v[1] <= upper,
});

interface Entry<Options> {
  rules: Required<{ [K in keyof Options]: Rule }>;
  apply(picture: Picture, random: Random, options: Options): Picture;
}

const entries: { [N in TransformName]: Entry<TransformOptions[N]> } = {
  resize: {
    rules: { size, filter },
    apply: (picture, _, options) => resize(picture, options.size, options.size, options),
  },
  'resize-shorter-side': { rules: { size, filter }, apply: (p, _, options) => resizeShorterSide(p, options) },
  'center-crop': { rules: { size }, apply: (picture, _, options) => centerCrop(picture, options) },
  'random-crop': { rules: { size, padding }, apply: randomCrop },
  'random-resized-crop': {
    rules: { size, scale: interval(1), ratio: interval(Infinity), filter },
    apply: randomResizedCrop,
  },
  'horizontal-flip': { rules: { probability }, apply: randomHorizontalFlip },
  'vertical-flip': { rules: { probability }, apply: randomVerticalFlip },
  'color-jitter': { rules: { brightness: strength, contrast: strength, saturation: strength }, apply: colorJitter },
};

/** The names of all transforms, sorted. */
export function listTransforms(): TransformName[] {
  return (Object.keys(entries) as TransformName[]).sort();
}

function one(spec: TransformSpec): Transform {
  const { name, ...options } = spec;
  if (!Object.hasOwn(entries, name)) throw unknownName('transforms', 'transform', name, listTransforms());
  const { rules, apply } = entries[name] as unknown as Entry<object> & { rules: Record<string, Rule> };
  const given = options as Record<string, unknown>;
  for (const key of Object.keys(given))
    if (!Object.hasOwn(rules, key)) throw unknownName('transforms', `option of '${name}'`, key, Object.keys(rules));
  for (const [key, rule] of Object.entries(rules))
    checkArgument(
      given[key] === undefined ? !rule.required : rule.holds(given[key]),
      () => `transforms: ${key} of '${name}' must be ${rule.text}, got ${JSON.stringify(given[key])}`,
    );
  return (picture, random) => apply(picture, random, options);
}

/**
 * The transforms of a description, one after the other. Fails with `bad-argument` for an unknown name or option and for a
 * value out of range, before any picture is touched.
 *
 * @example
 * const augment = createTransform([{ name: 'random-resized-crop', size: 64, scale: [0.5, 1] }, { name: 'horizontal-flip' }]);
 * const input = augment(picture, new Random(seed, 'augment', epoch, index));
 */
export function createTransform(specs: readonly TransformSpec[]): Transform {
  const steps = specs.map(one);
  return (picture, random) => steps.reduce((result, step) => step(result, random), picture);
}
