import { CovpoolError } from '@covpool/base';
import { rle, type Rle } from '@covpool/masks';
import type { CocoImage, CocoSegmentation } from './coco-format.ts';
import { badEntry } from './coco-index.ts';

/** The mask of an entry, in its picture; errors name the entry. */
export function readMask(who: string, where: string, segmentation: CocoSegmentation, image: CocoImage): Rle {
  const { height, width } = image;
  if (isPolygons(segmentation)) {
    if (height === undefined || width === undefined) {
      throw badEntry(who, where, 'the picture must have height and width, to fill polygons', { height, width });
    }
    return named(who, where, () => rle.fromPolygons(segmentation, height, width));
  }
  const mask = named(who, where, () => rle.parse(segmentation));
  const isSize = (side: number | undefined, own: number): boolean => side === undefined || side === own;
  if (!isSize(height, mask.size[0]) || !isSize(width, mask.size[1])) {
    throw badEntry(who, where, `the mask must have the size of its picture, [${height},${width}]`, mask.size);
  }
  return mask;
}

function isPolygons(segmentation: CocoSegmentation): segmentation is readonly (readonly number[])[] {
  return Array.isArray(segmentation);
}

function named<T>(who: string, where: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CovpoolError)) throw error;
    throw new CovpoolError(error.code, `${who}: ${where}: ${error.message}`, { cause: error });
  }
}
