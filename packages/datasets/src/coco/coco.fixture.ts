import type { CocoFile } from './coco-file.ts';
import { readCoco } from './read-coco.ts';

/** Two pictures, two categories with a gap, an object of each form of mask, and a crowd. */
export const sample = {
  info: { year: 2020 },
  images: [
    { id: 7, file_name: 'a.png', width: 60, height: 40, license: 1 },
    { id: 3, file_name: 'b.png', width: 40, height: 60 },
    { id: 5, file_name: 'empty.png', width: 40, height: 40 },
  ],
  annotations: [
    {
      id: 1,
      image_id: 7,
      category_id: 90,
      bbox: [10, 5, 20, 10],
      area: 200,
      segmentation: [[10, 5, 10, 15, 30, 15, 30, 5]],
    },
    {
      id: 2,
      image_id: 3,
      category_id: 2,
      bbox: [0, 0, 2, 60],
      area: 120,
      segmentation: { size: [60, 40], counts: [0, 120, 2280] },
    },
    {
      id: 3,
      image_id: 3,
      category_id: 2,
      bbox: [4, 4, 9, 9],
      area: 81,
      iscrowd: 1,
      segmentation: { size: [60, 40], counts: [2400] },
    },
  ] as Record<string, unknown>[],
  categories: [{ id: 90, name: 'toothbrush' }, { id: 2 }] as Record<string, unknown>[],
};

type Sample = typeof sample;

/** The sample's text with some parts changed. */
export function textOf(changes: { [K in keyof Sample]?: unknown } = {}): string {
  return JSON.stringify({ ...sample, ...changes });
}

/** Reads the sample with other or more annotations. */
export async function readSample(annotations = sample.annotations, masks = true): Promise<CocoFile> {
  return readCoco(bytesOf(textOf({ annotations })), { name: 'x.json', masks });
}

export async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text);
}
