import { CovpoolError } from '@covpool/base';
import { rle, type Rle } from '@covpool/masks';
import type { Annotations } from './annotations.ts';
import { boxIou } from './box-iou.ts';
import type { CocoDetection, CocoGroundTruth, CocoImage } from './coco-format.ts';
import { badEntry, nameAnnotation, nameDetection } from './coco-index.ts';
import { hasBox, type Detections } from './detections.ts';
import { readMask } from './segmentation.ts';

/** IoU of all detections of a picture with all its objects, a row for each detection; valid until the next call. */
export type Overlap = (found: Int32Array, objects: Int32Array) => Float64Array;

/** IoU of boxes. */
export function boxOverlap(detections: Detections, annotations: Annotations): Overlap {
  let ious = new Float64Array(64);
  return (found, objects) => {
    if (ious.length < found.length * objects.length) ious = new Float64Array(2 * found.length * objects.length);
    let at = 0;
    for (let d = 0; d < found.length; d++) {
      for (let g = 0; g < objects.length; g++) {
        const object = objects[g]!;
        ious[at++] = boxIou(detections.boxes, found[d]!, annotations.boxes, object, annotations.crowd[object] === 1);
      }
    }
    return ious;
  };
}

/** Everything that masks are read from. */
export interface MaskSources {
  who: string;
  images: readonly CocoImage[];
  groundTruth: CocoGroundTruth;
  annotations: Annotations;
  results: readonly CocoDetection[];
  detections: Detections;
}

/** IoU of masks, which are read picture by picture; sets the area of detections that have only a mask. */
export function maskOverlap(sources: MaskSources): Overlap {
  const { who, images, groundTruth, annotations, detections } = sources;
  const objectMask = (row: number): Rle => {
    const annotation = groundTruth.annotations[annotations.source[row]!]!;
    const where = nameAnnotation(annotation);
    if (!annotation.segmentation) throw badEntry(who, where, 'segmentation is required', annotation.segmentation);
    return readMask(who, where, annotation.segmentation, images[annotations.image[row]!]!);
  };
  return (found, objects) => {
    const masks = Array.from(found, (row) => {
      const mask = detectionMask(sources, row);
      if (Number.isNaN(detections.area[row])) detections.area[row] = rle.area(mask);
      return mask;
    });
    const crowd = Array.from(objects, (row) => annotations.crowd[row]!);
    const objectMasks = Array.from(objects, objectMask);
    try {
      return rle.iou(masks, objectMasks, crowd);
    } catch (error) {
      if (!(error instanceof CovpoolError)) throw error;
      const image = images[annotations.image[objects[0]!]!]!;
      throw new CovpoolError(error.code, `${who}: picture ${image.id}: ${error.message}`, { cause: error });
    }
  };
}

/** Gives detections without box the tight box of their mask, and the mask's area. */
export function boxesFromMasks({ who, images, results, detections }: MaskSources): void {
  for (let row = 0; row < detections.count; row++) {
    const source = detections.source[row]!;
    if (hasBox(results[source]!)) continue;
    const where = nameDetection(results[source]!, source);
    const { segmentation } = results[source]!;
    if (!segmentation) throw badEntry(who, where, 'bbox or segmentation is required', undefined);
    const mask = readMask(who, where, segmentation, images[detections.image[row]!]!);
    detections.boxes.set(rle.toBox(mask), 4 * row);
    detections.area[row] = rle.area(mask);
  }
}

/** The mask of a detection; that of its box if it has no other. */
function detectionMask({ who, images, results, detections }: MaskSources, row: number): Rle {
  const source = detections.source[row]!;
  const where = nameDetection(results[source]!, source);
  const image = images[detections.image[row]!]!;
  const { segmentation } = results[source]!;
  if (segmentation) return readMask(who, where, segmentation, image);
  if (!hasBox(results[source]!)) throw badEntry(who, where, 'bbox or segmentation is required', undefined);
  const [x, y, width, height] = detections.boxes.subarray(4 * row, 4 * row + 4);
  const [right, bottom] = [x! + width!, y! + height!];
  return readMask(who, where, [[x!, y!, x!, bottom, right, bottom, right, y!]], image);
}
