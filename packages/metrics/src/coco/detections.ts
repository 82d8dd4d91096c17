import type { CocoDetection } from './coco-format.ts';
import { badEntry, checkBox, checkEntry, nameDetection, type CocoIndex } from './coco-index.ts';

/** The detections that count, in columns; `source` is the place in the list of results. */
export interface Detections {
  count: number;
  source: Int32Array;
  image: Int32Array;
  category: Int32Array;
  score: Float64Array;
  /** The area of the box; NaN where there is only a mask, until that is read. */
  area: Float64Array;
  /** `[x, y, width, height]` each. */
  boxes: Float64Array;
}

/**
 * Reads the detections of known categories; others are left out.
 *
 * @throws `bad-input` for a picture that the ground truth lacks, a score that is no number, or a box that is not finite.
 */
export function readDetections(who: string, list: readonly CocoDetection[], index: CocoIndex): Detections {
  if (!Array.isArray(list)) throw badEntry(who, 'detections', 'a list is required', list);
  const most = list.length;
  const columns: Detections = {
    count: 0,
    source: new Int32Array(most),
    image: new Int32Array(most),
    category: new Int32Array(most),
    score: new Float64Array(most),
    area: new Float64Array(most).fill(NaN),
    boxes: new Float64Array(4 * most),
  };
  for (let source = 0; source < most; source++) {
    const detection: CocoDetection = list[source]!;
    checkEntry(who, 'detection', source, detection);
    const { image_id, category_id, score, bbox } = detection;
    const where = (): string => nameDetection(detection, source);
    const image = index.imageAt.get(image_id);
    if (image === undefined) throw badEntry(who, where(), 'the picture must be one of the ground truth', image_id);
    if (typeof score !== 'number' || Number.isNaN(score)) throw badEntry(who, where(), 'score must be a number', score);
    const category = index.categoryAt.get(category_id);
    if (category === undefined) continue;
    const row = columns.count++;
    columns.source[row] = source;
    columns.image[row] = image;
    columns.category[row] = category;
    columns.score[row] = score;
    if (!hasBox(detection)) continue;
    const box = checkBox(who, where(), bbox);
    for (let side = 0; side < 4; side++) columns.boxes[4 * row + side] = box[side]!;
    columns.area[row] = box[2]! * box[3]!;
  }
  return columns;
}

/** Results of masks may have an empty list where results of boxes have the box. */
export function hasBox({ bbox }: CocoDetection): boolean {
  return bbox !== undefined && bbox !== null && bbox.length !== 0;
}
