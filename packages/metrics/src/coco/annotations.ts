import type { CocoGroundTruth } from './coco-format.ts';
import { badEntry, checkBox, checkEntry, nameAnnotation, type CocoIndex } from './coco-index.ts';

/** The objects that count, in columns; `source` is the place in the file's list. */
export interface Annotations {
  count: number;
  source: Int32Array;
  image: Int32Array;
  category: Int32Array;
  area: Float64Array;
  crowd: Uint8Array;
  /** `[x, y, width, height]` each; empty if boxes are not compared. */
  boxes: Float64Array;
}

/**
 * Reads the objects of known pictures and categories; others are left out.
 *
 * @throws `bad-input` for an id that is no whole number or occurs twice, an area or a box that is not finite.
 */
export function readAnnotations(
  who: string,
  { annotations }: CocoGroundTruth,
  index: CocoIndex,
  withBoxes: boolean,
): Annotations {
  const most = annotations.length;
  const columns: Annotations = {
    count: 0,
    source: new Int32Array(most),
    image: new Int32Array(most),
    category: new Int32Array(most),
    area: new Float64Array(most),
    crowd: new Uint8Array(most),
    boxes: new Float64Array(withBoxes ? 4 * most : 0),
  };
  const ids = new Set<number>();
  annotations.forEach((annotation, source) => {
    checkEntry(who, 'annotation', source, annotation);
    const { id, image_id, category_id, area, iscrowd } = annotation;
    const fail = (required: string, got: unknown) => badEntry(who, nameAnnotation(annotation), required, got);
    if (!Number.isSafeInteger(id)) throw fail('id must be a whole number', id);
    if (ids.has(id)) throw fail('ids must occur once', `${id} again`);
    ids.add(id);
    const image = index.imageAt.get(image_id);
    const category = index.categoryAt.get(category_id);
    if (image === undefined || category === undefined) return;
    if (!Number.isFinite(area)) throw fail('area must be a finite number; without masks, width times height', area);
    const row = columns.count++;
    columns.source[row] = source;
    columns.image[row] = image;
    columns.category[row] = category;
    columns.area[row] = area;
    columns.crowd[row] = iscrowd ? 1 : 0;
    if (withBoxes) columns.boxes.set(checkBox(who, nameAnnotation(annotation), annotation.bbox), 4 * row);
  });
  return columns;
}
