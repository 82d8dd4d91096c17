import { checkArgument, unknownName } from '@covpool/base';
import { readAnnotations } from './coco/annotations.ts';
import { evaluateCategory, type CategoryCurves } from './coco/category.ts';
import type { CocoCategory, CocoDetection, CocoGroundTruth } from './coco/coco-format.ts';
import { indexGroundTruth } from './coco/coco-index.ts';
import { cocoIouThresholds, cocoRecallLevels } from './coco/coco-parameters.ts';
import { sortByKey } from './coco/counting-sort.ts';
import { readDetections } from './coco/detections.ts';
import type { Evaluation } from './coco/match-category.ts';
import { boxesFromMasks, boxOverlap, maskOverlap } from './coco/overlap.ts';
import { mean, meanPrecision, summarize, type CocoStats } from './coco/summary.ts';

export interface EvaluateCocoOptions {
  /** Compare boxes or masks. */
  iouType?: 'bbox' | 'segm';
  /** Whether a detection must have the object's category. If not, all categories are one, with id −1. */
  useCategories?: boolean;
}

/** Precision over recall at one IoU threshold, at the recalls of `cocoRecallLevels`. */
export interface CocoCurve {
  iou: number;
  precision: Float64Array;
  /** The score from which detections must be kept for that recall; 0 where it is not reached. */
  scores: Float64Array;
}

/** One category with all sizes and 100 detections a picture; −1 for each number if it has no objects. */
export interface CocoCategoryResult {
  id: number;
  name?: string;
  /** How many objects were to be found; crowds are none. */
  objects: number;
  AP: number;
  AP50: number;
  AR100: number;
  /** One for each threshold of `cocoIouThresholds`; none if the category has no objects. */
  curves: CocoCurve[];
}

export interface CocoEvaluation {
  stats: CocoStats;
  /** AP at each threshold, over all categories and sizes. */
  perIou: { iou: number; AP: number }[];
  /** Every category of the ground truth by id. */
  perCategory: CocoCategoryResult[];
}

/**
 * COCO's evaluation of detected boxes or masks: average precision over IoU thresholds 0.50:0.05:0.95, the recall grid 0:0.01:1 and all
 * categories, equal to that of the COCO tools (Lin et al., ECCV 2014).
 *
 * Both arguments have the form of COCO's files. Crowds and objects of other sizes are neither to be found nor held against a detection.
 * A result for masks that has a box too is small, medium or large by its box, as there; a result for boxes that has only a
 * mask gets its tight box. Objects of unknown pictures or categories and detections of unknown categories do not count. Equal scores rank by
 * picture id, then as they stand. Masks are read picture by picture. Cost: sorting the detections; per picture and category the IoU of
 * all pairs, 10 thresholds and 4 sizes.
 *
 * ```ts
 * const { stats, perCategory } = evaluateCoco(instances, results, { iouType: 'bbox' });
 * stats.AP50;
 * perCategory[0].curves[0].precision; // 101 values, at IoU 0.5
 * ```
 *
 * Two differences to those tools: an object with id 0 can be found, and no detections at all are a result, AP 0.
 *
 * @throws `bad-input` with picture and annotation for ids that occur twice or are no whole numbers, scores that are NaN, boxes and areas
 * that are not finite, damaged masks, and detections on pictures that the ground truth lacks.
 */
export function evaluateCoco(
  groundTruth: CocoGroundTruth,
  detections: readonly CocoDetection[],
  { iouType = 'bbox', useCategories = true }: EvaluateCocoOptions = {},
): CocoEvaluation {
  if (iouType !== 'bbox' && iouType !== 'segm') throw unknownName('evaluateCoco', 'iouType', iouType, ['bbox', 'segm']);
  checkArgument(typeof useCategories === 'boolean', () => 'evaluateCoco: useCategories must be true or false');
  const who = 'evaluateCoco';
  const index = indexGroundTruth(who, groundTruth);
  const objects = readAnnotations(who, groundTruth, index, iouType === 'bbox');
  const found = readDetections(who, detections, index);
  const sources = {
    who,
    images: index.images,
    groundTruth,
    annotations: objects,
    results: detections,
    detections: found,
  };
  if (iouType === 'bbox') boxesFromMasks(sources);
  const overlap = iouType === 'bbox' ? boxOverlap(found, objects) : maskOverlap(sources);

  const groups: CocoCategory[] = useCategories ? index.categories : [{ id: -1 }];
  const sizes: [number, number] = [index.images.length, index.categories.length];
  const objectRows = grouped(objects, sizes, useCategories);
  const foundRows = grouped(found, sizes, useCategories);
  const evaluation: Evaluation = { annotations: objects, detections: found, overlap };
  const categories = groups.map((_, group) => evaluateCategory(evaluation, objectRows(group), foundRows(group)));
  return {
    stats: summarize(categories),
    perIou: cocoIouThresholds.map((iou) => ({ iou, AP: meanPrecision(categories, 'all', iou) })),
    perCategory: categories.map((category, group) => describeCategory(groups[group]!, category)),
  };
}

interface Columns {
  count: number;
  image: Int32Array;
  category: Int32Array;
}

/** The rows of each category in the order of pictures; without categories all rows, by picture, then category. */
function grouped(
  { count, image, category }: Columns,
  [images, categories]: [number, number],
  useCategories: boolean,
): (group: number) => Int32Array {
  const rows = Int32Array.from({ length: count }, (_, row) => row);
  if (!useCategories) {
    const all = sortByKey(sortByKey(rows, category, categories), image, images);
    return () => all;
  }
  const sorted = sortByKey(sortByKey(rows, image, images), category, categories);
  const starts = new Int32Array(categories + 1);
  for (let row = 0; row < count; row++) starts[category[row]! + 1]! += 1;
  for (let c = 0; c < categories; c++) starts[c + 1]! += starts[c]!;
  return (group) => sorted.subarray(starts[group], starts[group + 1]);
}

function describeCategory({ id, name }: CocoCategory, { wanted, curves }: CategoryCurves): CocoCategoryResult {
  const all = curves.all;
  const levels = cocoRecallLevels.length;
  const part = (values: Float64Array, t: number): Float64Array => values.subarray(t * levels, (t + 1) * levels);
  return {
    id,
    ...(name === undefined ? {} : { name }),
    objects: wanted.all,
    AP: mean(all?.precision ?? []),
    AP50: mean(all ? part(all.precision, 0) : []),
    AR100: mean(all?.recall ?? []),
    curves: all
      ? cocoIouThresholds.map((iou, t) => ({ iou, precision: part(all.precision, t), scores: part(all.scores, t) }))
      : [],
  };
}
