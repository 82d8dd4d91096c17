import { Random } from '@covpool/base';
import { describe, expect, it } from 'vitest';
import { mapPicture } from './testing.fixture.ts';
import { createTransform, listTransforms } from './transforms.ts';
import type { TransformSpec } from './transforms.ts';

const each: Record<string, TransformSpec> = {
  resize: { name: 'resize', size: 9 },
  'resize-shorter-side': { name: 'resize-shorter-side', size: 9, filter: 'bicubic' },
  'center-crop': { name: 'center-crop', size: 9 },
  'random-crop': { name: 'random-crop', size: 9, padding: 2 },
  'random-resized-crop': { name: 'random-resized-crop', size: 9, scale: [0.5, 1], ratio: [1, 1] },
  'horizontal-flip': { name: 'horizontal-flip', probability: 0.3 },
  'vertical-flip': { name: 'vertical-flip' },
  'color-jitter': { name: 'color-jitter', brightness: 0.4, contrast: 0.4, saturation: 0.4 },
};

const picture = mapPicture(20, 16, 40);
const run = (specs: TransformSpec[], seed = 1) => createTransform(specs)(picture, new Random(seed));

describe('createTransform: values', () => {
  it('knows the transforms of this table', () => {
    expect(listTransforms()).toEqual(Object.keys(each).sort());
  });

  it.each([
    ['resize', 9, 9],
    ['resize-shorter-side', 11, 9],
    ['center-crop', 9, 9],
    ['random-crop', 9, 9],
    ['random-resized-crop', 9, 9],
    ['horizontal-flip', 20, 16],
    ['vertical-flip', 20, 16],
    ['color-jitter', 20, 16],
  ])('%s gives %sx%s', (name, width, height) => {
    expect(run([each[name]!])).toMatchObject({ width, height });
  });

  it('applies one after the other', () => {
    const specs: TransformSpec[] = [
      { name: 'resize-shorter-side', size: 12 },
      { name: 'center-crop', size: 10 },
    ];
    expect(run(specs)).toEqual(createTransform([specs[1]!])(run([specs[0]!]), new Random(9)));
  });
});

describe('createTransform: properties', () => {
  it('is a function of the stream, and leaves the picture alone', () => {
    const before = picture.data.slice();
    for (const spec of Object.values(each)) expect(run([spec], 4)).toEqual(run([spec], 4));
    expect(picture.data).toEqual(before);
  });

  it('survives being written as JSON', () => {
    const specs = Object.values(each);
    expect(run(JSON.parse(JSON.stringify(specs)) as TransformSpec[], 2)).toEqual(run(specs, 2));
  });

  it('hands back the picture if there is nothing to do', () => {
    expect(run([])).toBe(picture);
  });
});

describe('createTransform: rejects', () => {
  it.each<[object, string]>([
    [
      { name: 'rotate' },
      "transforms: unknown transform 'rotate'; known: center-crop, color-jitter, horizontal-flip, random-crop, " +
        'random-resized-crop, resize, resize-shorter-side, vertical-flip',
    ],
    [{ name: 'toString' }, "unknown transform 'toString'"],
    [{ name: 'resize', sizes: 3 }, "transforms: unknown option of 'resize' 'sizes'; known: filter, size"],
    [{ name: 'center-crop' }, "transforms: size of 'center-crop' must be a positive whole number, got undefined"],
    [{ name: 'resize', size: 1.5 }, "size of 'resize' must be a positive whole number, got 1.5"],
    [
      { name: 'resize', size: 4, filter: 'nearest' },
      "filter of 'resize' must be one of box, bilinear, bicubic, lanczos",
    ],
    [
      { name: 'random-crop', size: 4, padding: -1 },
      "padding of 'random-crop' must be a whole number from 0 up, got -1",
    ],
    [
      { name: 'random-resized-crop', size: 4, scale: [0, 1] },
      "scale of 'random-resized-crop' must be [low, high] with 0 < low <= high <= 1, got [0,1]",
    ],
    [{ name: 'random-resized-crop', size: 4, ratio: [2, 1] }, 'must be [low, high] with 0 < low <= high, got [2,1]'],
    [{ name: 'horizontal-flip', probability: 2 }, "probability of 'horizontal-flip' must be a number in 0..1, got 2"],
    [{ name: 'color-jitter', contrast: -1 }, "contrast of 'color-jitter' must be a finite number from 0 up, got -1"],
  ])('%j', (spec, message) => {
    expect(() => createTransform([spec as TransformSpec])).toThrow(message);
  });
});
