import { createReadStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { CovpoolError } from '@covpool/base';
import type { CocoFile } from './coco/coco-file.ts';
import { readCoco } from './coco/read-coco.ts';
import { decodePicture } from './decode-picture.ts';
import { cocoDataset } from './detection/detection-dataset.ts';
import type { DetectionDataset } from './detection/detection-dataset.ts';
import { cachePictures } from './picture-cache.ts';

export interface CocoFolderOptions {
  /** Which part: `train`, `val`; COCO's own folders are found as `train2017`. */
  split: string;
  /** Objects have masks. */
  masks?: boolean;
  /** Leave out pictures that nothing is learnt from. */
  training?: boolean;
  /** Use only the first so many pictures. */
  limit?: number;
  /** How many bytes of decoded pictures stay in memory. */
  cacheBytes?: number;
}

/**
 * The data set of a folder in COCO's layout: `annotations/instances_<split>.json`, and the pictures in `images/<split>`, `<split>` or
 * `images`. Pictures are decoded when they are read.
 *
 * @throws `bad-input` for a folder without these; see `readCoco` and `cocoDataset` for the annotations.
 *
 * @example
 * const train = await cocoFolder('data/blood-cells', { split: 'train', training: true });
 * train.classes; // ['RBC', 'WBC', 'Platelets']
 */
export async function cocoFolder(root: string, options: CocoFolderOptions): Promise<DetectionDataset> {
  const { split, cacheBytes = 2 ** 29, ...rest } = options;
  const annotations = join(root, 'annotations', `instances_${split}.json`);
  if (!existsSync(annotations))
    throw refuse(`a folder with annotations/instances_${split}.json is required`, root, 'check the path and the split');
  const candidates = [join(root, 'images', split), join(root, split), join(root, 'images')];
  const folder = candidates.find((candidate) => existsSync(candidate));
  if (!folder) throw refuse(`pictures in ${candidates.join(' or ')} are required`, 'none', 'put them there');
  const file = await readCocoFile(annotations, { masks: options.masks ?? false });
  const places = new Map(file.images.map(({ id }, place) => [id, place]));
  const read = cachePictures((place) => decodePicture(join(folder, file.images[place]!.file_name)), cacheBytes);
  return cocoDataset(file, { ...rest, read: ({ id }) => read(places.get(id)!) });
}

/** COCO's annotations in a file; see `readCoco`. */
export async function readCocoFile(path: string, { masks }: { masks?: boolean } = {}): Promise<CocoFile> {
  const stream = createReadStream(path, { highWaterMark: 2 ** 20 });
  try {
    return await readCoco(stream, { name: path, masks });
  } catch (cause) {
    if (cause instanceof CovpoolError) throw cause;
    throw new CovpoolError('bad-input', `readCocoFile: ${path} must be readable, got ${(cause as Error).message}`, {
      cause,
    });
  }
}

function refuse(required: string, got: string, advice: string): CovpoolError {
  return new CovpoolError('bad-input', `cocoFolder: ${required}, got ${got}; ${advice}`);
}
