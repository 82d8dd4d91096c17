import { rle } from '@covpool/masks';
import { describe, expect, it } from 'vitest';
import { readSample, sample } from '../coco/coco.fixture.ts';
import { mapPicture } from '../testing.fixture.ts';
import { cocoDataset } from './detection-dataset.ts';
import type { CocoDatasetOptions } from './detection-dataset.ts';

const read: CocoDatasetOptions['read'] = async ({ width, height, id }) => mapPicture(width, height, id);
const [outlined, runs] = sample.annotations;

async function datasetOf(annotations = sample.annotations, options: Partial<CocoDatasetOptions> = {}) {
  return cocoDataset(await readSample(annotations), { read, ...options });
}

/** What becomes of one annotation with some fields changed. */
async function fate(change: Record<string, unknown>, masks = false): Promise<unknown> {
  const dataset = await datasetOf([{ ...outlined, ...change }], { masks });
  return dataset.skipped[0] ?? dataset.objects(0)[0];
}

describe('cocoDataset: values', () => {
  it('labels categories by their sorted ids, over gaps', async () => {
    const dataset = await datasetOf();
    expect([dataset.classes, dataset.categoryIds]).toEqual([
      ['2', 'toothbrush'],
      [2, 90],
    ]);
    expect(dataset.objects(0)).toEqual([{ id: 1, label: 1, box: [10, 5, 30, 15] }]);
    expect(dataset.objects(1)).toEqual([{ id: 2, label: 0, box: [0, 0, 2, 60] }]);
    expect(dataset.objects(2)).toEqual([]);
  });

  it('fills outlines and reads both forms of run lengths', async () => {
    const mask = async (segmentation: unknown, image_id: number) => {
      const dataset = await datasetOf([{ ...runs, image_id, segmentation }], { masks: true });
      const index = [7, 3].indexOf(image_id);
      return dataset.mask(index, dataset.objects(index)[0]!);
    };
    expect(rle.area(await mask(outlined!.segmentation, 7))).toBe(200);
    expect(rle.area(await mask(runs!.segmentation, 3))).toBe(120);
    expect(
      rle.area(await mask({ size: [60, 40], counts: rle.toCompressed(runs!.segmentation as never).counts }, 3)),
    ).toBe(120);
  });

  it('leaves out for training what nothing is learnt from, in the order of the file', async () => {
    expect((await datasetOf()).length).toBe(3);
    const training = await datasetOf(sample.annotations, { training: true });
    expect([training.picture(0).id, training.picture(1).id, training.length]).toEqual([7, 3, 2]);
    expect(training.file.images.length).toBe(2);
    const one = await datasetOf(sample.annotations, { limit: 1 });
    expect(one.file.annotations.map(({ id }) => id)).toEqual([1]);
  });

  it('keeps everything for an evaluation', async () => {
    expect((await datasetOf()).file.annotations.map(({ id }) => id)).toEqual([1, 2, 3]);
  });
});

describe('cocoDataset: odd annotations', () => {
  it.each([
    ['a box half outside', { bbox: [-5, -5, 20, 20] }, { box: [-5, -5, 15, 15] }],
    ['a box outside', { bbox: [60, 0, 5, 5] }, { annotation: 1, picture: 7, why: 'its box is outside of the picture' }],
    ['a flat box', { bbox: [5, 5, 10, 0.5] }, { why: 'its box is 10x0.5 pixels' }],
    ['a box turned over', { bbox: [5, 5, -10, 5] }, { why: 'its box is -10x5 pixels' }],
    ['no area', { area: 0 }, { why: 'its area is 0' }],
    ['ignore', { ignore: 1 }, { why: 'it is marked to be ignored' }],
    ['an unknown picture', { image_id: 99 }, { annotation: 1, picture: 99, why: 'there is no picture 99' }],
    ['an unknown category', { category_id: 1 }, { why: 'there is no category 1' }],
  ])('%s', async (_, change, expected) => {
    expect(await fate(change)).toMatchObject(expected);
  });

  it.each([
    ['no mask', undefined, { why: 'it has no mask' }],
    ['no outline', [], { why: 'its outline has fewer than three points' }],
    ['an outline of two points', [[1, 1, 5, 5]], { why: 'its outline has fewer than three points' }],
    ['an empty one beside a good one', [[], [1, 1, 1, 5, 5, 5]], { segmentation: [[1, 1, 1, 5, 5, 5]] }],
  ])('%s', async (_, segmentation, expected) => {
    expect(await fate({ segmentation }, true)).toMatchObject(expected);
    expect(await fate({ segmentation })).toMatchObject({ id: 1, label: 1 });
  });

  it.each([
    ['half a point', [[1, 1, 5, 5, 9, 9, 3]], 'an outline must be finite numbers x0, y0, x1, y1, …, got 7 values'],
    ['a point that is none', [[1, 1, 5, null, 9, 9]], 'an outline must be finite numbers'],
    [
      'points in pairs',
      [
        [
          [1, 1],
          [5, 5],
          [9, 9],
          [1, 2],
          [3, 4],
          [5, 6],
        ],
      ],
      'an outline must be finite numbers',
    ],
    ['another size', { size: [4, 4], counts: [16] }, "the mask must have its picture's size [40,60], got [4,4]"],
    ['damaged runs', { size: [40, 60], counts: 'zz' }, 'annotation 1 (picture 7, a.png): '],
    ['runs that do not add up', { size: [40, 60], counts: [3] }, 'must add up to 2400'],
  ])('refuses %s', async (_, segmentation, message) => {
    await expect(fate({ segmentation }, true)).rejects.toThrow(message);
    await expect(fate({ segmentation }, true)).rejects.toThrow('annotation 1 (picture 7, a.png)');
  });

  it('refuses a picture of another size', async () => {
    const dataset = await datasetOf(undefined, { read: async () => mapPicture(9, 9) });
    await expect(dataset.read(0)).rejects.toThrow(
      "cocoDataset: picture 7 (a.png) must have its annotations' size 60x40, got 9x9",
    );
  });
});
