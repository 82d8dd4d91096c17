import { checkArgument, unknownName } from '@covpool/base';
import { readAnnotations, type Annotations } from './coco/annotations.ts';
import type { CocoAnnotation, CocoDetection, CocoGroundTruth } from './coco/coco-format.ts';
import { badEntry, indexGroundTruth, nameDetection } from './coco/coco-index.ts';
import { sortByScore } from './coco/counting-sort.ts';
import { hasBox, readDetections, type Detections } from './coco/detections.ts';
import { mean } from './coco/summary.ts';
import { areaUnderCurve, elevenPoints } from './voc/average-precision.ts';
import { inclusiveIou } from './voc/inclusive-iou.ts';

export interface EvaluateVocOptions {
  /** The IoU from which a detection counts as right. */
  iouThreshold?: number;
  /** The area under the curve (from 2010 on), or the mean over eleven recalls (until 2009). */
  interpolation?: 'area' | '11-point';
}

/** An object in COCO's form, with Pascal VOC's mark. */
export interface VocAnnotation extends CocoAnnotation {
  /** Neither to be found nor held against the detection that finds it; so are crowds. */
  readonly difficult?: number | boolean;
}

export interface VocGroundTruth extends CocoGroundTruth {
  readonly annotations: readonly VocAnnotation[];
}

export interface VocCategoryResult {
  id: number;
  name?: string;
  /** How many objects were to be found. */
  objects: number;
  /** −1 if no object was to be found. */
  AP: number;
  /** After each detection by falling score that counts. */
  precision: Float64Array;
  recall: Float64Array;
}

export interface VocEvaluation {
  /** Mean AP of the categories that have objects; −1 if none has. */
  mAP: number;
  perCategory: VocCategoryResult[];
}

/**
 * Pascal VOC's evaluation of detected boxes (Everingham et al., IJCV 2010): each detection, by falling score over all pictures, belongs
 * to the object of its picture and category with which it overlaps most, of equals the first. It is right if the IoU reaches the threshold and no
 * detection before it found that object. Boxes are `[x, y, width, height]` as in COCO's files, and as in VOC's tools the pixels at x and at
 * x + width both belong to them. Equal scores rank as they stand. Cost: sorting; per detection the objects of its picture.
 *
 * ```ts
 * evaluateVoc(groundTruth, detections, { interpolation: '11-point' }).mAP;
 * ```
 *
 * @throws `bad-input` as `evaluateCoco` does; `bad-argument` for a threshold that is not in 0…1 or an unknown interpolation.
 */
export function evaluateVoc(
  groundTruth: VocGroundTruth,
  detections: readonly CocoDetection[],
  { iouThreshold = 0.5, interpolation = 'area' }: EvaluateVocOptions = {},
): VocEvaluation {
  const who = 'evaluateVoc';
  checkArgument(
    iouThreshold > 0 && iouThreshold <= 1,
    () => `evaluateVoc: iouThreshold must be above 0 and at most 1, got ${iouThreshold}`,
  );
  const averages = { area: areaUnderCurve, '11-point': elevenPoints };
  if (!Object.hasOwn(averages, interpolation)) {
    throw unknownName(who, 'interpolation', interpolation, Object.keys(averages));
  }
  const index = indexGroundTruth(who, groundTruth);
  const objects = readAnnotations(who, groundTruth, index, true);
  const found = readDetections(who, detections, index);
  for (let row = 0; row < found.count; row++) {
    const source = found.source[row]!;
    const detection = detections[source]!;
    if (!hasBox(detection)) throw badEntry(who, nameDetection(detection, source), 'bbox is required', detection.bbox);
  }
  const ignored = Uint8Array.from({ length: objects.count }, (_, row) =>
    objects.crowd[row] || groundTruth.annotations[objects.source[row]!]!.difficult ? 1 : 0,
  );
  const objectRows = rowsByCategory(objects, index.categories.length);
  const foundRows = rowsByCategory(found, index.categories.length);
  const perCategory = index.categories.map(({ id, name }, category): VocCategoryResult => {
    const rows = objectRows[category]!;
    const wanted = rows.filter((row) => !ignored[row]).length;
    const order = sortByScore(Int32Array.from(foundRows[category]!), found.score);
    const curve = matchInOrder(order, found, rows, objects, ignored, iouThreshold, wanted);
    const AP = wanted > 0 ? averages[interpolation](curve.recall, curve.precision) : -1;
    return { id, ...(name === undefined ? {} : { name }), objects: wanted, AP, ...curve };
  });
  return { mAP: mean(perCategory.flatMap(({ objects: wanted, AP }) => (wanted > 0 ? [AP] : []))), perCategory };
}

function rowsByCategory({ count, category }: { count: number; category: Int32Array }, categories: number): number[][] {
  const rows = Array.from({ length: categories }, (): number[] => []);
  for (let row = 0; row < count; row++) rows[category[row]!]!.push(row);
  return rows;
}

function matchInOrder(
  order: Int32Array,
  found: Detections,
  rows: readonly number[],
  objects: Annotations,
  ignored: Uint8Array,
  threshold: number,
  wanted: number,
): { precision: Float64Array; recall: Float64Array } {
  const ofPicture = new Map<number, number[]>();
  for (const row of rows) {
    const picture = ofPicture.get(objects.image[row]!);
    if (picture) picture.push(row);
    else ofPicture.set(objects.image[row]!, [row]);
  }
  const taken = new Set<number>();
  const precision: number[] = [];
  const recall: number[] = [];
  let hits = 0;
  for (const row of order) {
    let [best, match] = [0, -1];
    for (const object of ofPicture.get(found.image[row]!) ?? []) {
      const iou = inclusiveIou(found.boxes, row, objects.boxes, object);
      if (iou > best) [best, match] = [iou, object];
    }
    if (best >= threshold && ignored[match]) continue;
    if (best >= threshold && !taken.has(match)) {
      taken.add(match);
      hits++;
    }
    precision.push(hits / (precision.length + 1));
    recall.push(wanted > 0 ? hits / wanted : 0);
  }
  return { precision: Float64Array.from(precision), recall: Float64Array.from(recall) };
}
