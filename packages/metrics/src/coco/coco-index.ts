import { CovpoolError } from '@covpool/base';
import type { CocoAnnotation, CocoCategory, CocoDetection, CocoGroundTruth, CocoImage } from './coco-format.ts';

/** Pictures and categories in the order of their ids, which may have gaps. */
export interface CocoIndex {
  images: CocoImage[];
  categories: CocoCategory[];
  imageAt: Map<number, number>;
  categoryAt: Map<number, number>;
}

/** `bad-input` in the name of an evaluation. */
export function badEntry(who: string, where: string, required: string, got: unknown): CovpoolError {
  return new CovpoolError('bad-input', `${who}: ${where}: ${required}, got ${show(got)}`);
}

/** `bad-input` unless the entry of a list is an object. */
export function checkEntry(who: string, list: string, index: number, entry: unknown): void {
  if (typeof entry !== 'object' || entry === null) {
    throw badEntry(who, `${list} ${index}`, 'an object is required', entry);
  }
}

export function nameAnnotation({ id, image_id }: CocoAnnotation): string {
  return `annotation ${show(id)} (picture ${show(image_id)})`;
}

export function nameDetection({ image_id, category_id }: CocoDetection, index: number): string {
  return `detection ${index} (picture ${show(image_id)}, category ${show(category_id)})`;
}

/** The pictures and categories of a ground truth; of several with one id the last counts. */
export function indexGroundTruth(who: string, groundTruth: CocoGroundTruth): CocoIndex {
  for (const list of ['images', 'annotations', 'categories'] as const) {
    if (!Array.isArray(groundTruth?.[list]))
      throw badEntry(who, 'ground truth', `${list} must be a list`, groundTruth?.[list]);
  }
  const images = sortedById(who, 'picture', groundTruth.images);
  const categories = sortedById(who, 'category', groundTruth.categories);
  return { images, categories, imageAt: positions(images), categoryAt: positions(categories) };
}

/** `[x, y, width, height]` of an entry; `bad-input` unless all are finite. */
export function checkBox(who: string, where: string, box: unknown): ArrayLike<number> {
  if (!Array.isArray(box) || box.length !== 4 || !box.every(Number.isFinite)) {
    throw badEntry(who, where, 'bbox must be four finite numbers [x, y, width, height]', box);
  }
  return box as number[];
}

function sortedById<T extends { id: number }>(who: string, what: string, list: readonly T[]): T[] {
  const byId = new Map<number, T>();
  list.forEach((entry, index) => {
    checkEntry(who, what, index, entry);
    if (!Number.isSafeInteger(entry.id)) throw badEntry(who, `${what} ${index}`, 'id must be a whole number', entry.id);
    byId.set(entry.id, entry);
  });
  return [...byId.values()].sort((a, b) => a.id - b.id);
}

function positions(list: readonly { id: number }[]): Map<number, number> {
  return new Map(list.map(({ id }, index) => [id, index]));
}

function show(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
