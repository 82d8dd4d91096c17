import { checkArgument, CovpoolError } from '@covpool/base';
import { rle } from '@covpool/masks';
import type { Rle } from '@covpool/masks';
import type { CocoFile, CocoObject, CocoPicture } from '../coco/coco-file.ts';
import type { Picture } from '../picture.ts';
import type { CornerBox } from './placement.ts';

/** An object that a detector learns from. */
export interface DetectionObject {
  /** Its annotation's id. */
  id: number;
  label: number;
  box: CornerBox;
  segmentation?: CocoObject['segmentation'];
}

/** An annotation that nothing is learnt from, and why. */
export interface SkippedObject {
  annotation: number;
  picture: number;
  why: string;
}

/** Pictures with objects on them, by index. */
export interface DetectionDataset {
  /** What label k stands for. */
  readonly classes: readonly string[];
  /** The category of label k in the file, ascending; there may be gaps. */
  readonly categoryIds: readonly number[];
  readonly length: number;
  /** Whether objects have masks. */
  readonly masks: boolean;
  /** What was read, crowds and skipped objects included: what an evaluation compares with. */
  readonly file: CocoFile;
  readonly skipped: readonly SkippedObject[];
  picture(index: number): CocoPicture;
  objects(index: number): readonly DetectionObject[];
  /** An object's mask in its picture. */
  mask(index: number, object: DetectionObject): Rle;
  read(index: number): Promise<Picture>;
}

export interface CocoDatasetOptions {
  /** Reads a picture of the file. */
  read(picture: CocoPicture): Promise<Picture>;
  /** Objects have masks; those without are left out. */
  masks?: boolean;
  /** Leave out pictures without objects and those with a side below 32 pixels, as training does. */
  training?: boolean;
  /** Use only the first so many pictures. */
  limit?: number;
}

const LEAST_SIDE = 32;
const CORNERS = 3;

/**
 * A data set of COCO's annotations, by the rules of mmdetection: label k is the k-th category id; crowds, objects marked `ignore`, objects
 * outside of their picture, narrower or lower than 1 pixel, without area, or of an unknown picture or category are not learnt from and are
 * listed in `skipped`, except crowds; outlines of fewer than three points are dropped, and with `masks` objects that have no other.
 * Pictures are in the order of the file.
 *
 * @throws `bad-input` with picture and annotation id for masks that are damaged, or of another size than their picture.
 *
 * @example
 * const dataset = cocoDataset(file, { read: ({ file_name }) => decode(file_name), training: true });
 */
export function cocoDataset(file: CocoFile, options: CocoDatasetOptions): DetectionDataset {
  const { read, masks = false, training = false, limit = Infinity } = options;
  checkArgument(limit > 0, () => `cocoDataset: limit must be a positive number, got ${limit}`);
  const categories = [...file.categories].sort((a, b) => a.id - b.id);
  const labels = new Map(categories.map(({ id }, label) => [id, label]));
  const pictures = new Map(file.images.map((picture) => [picture.id, picture]));
  const objects = new Map<number, DetectionObject[]>();
  const annotated = new Set<number>();
  const skipped: SkippedObject[] = [];
  for (const annotation of file.annotations) {
    const { id, image_id: picture, category_id, iscrowd } = annotation;
    const size = pictures.get(picture);
    const label = labels.get(category_id);
    if (size && label !== undefined) annotated.add(picture);
    if (size && label !== undefined && iscrowd) continue;
    const object = size && label !== undefined ? learnt(annotation, size, label, masks) : unknown(annotation, size);
    if (typeof object === 'string') skipped.push({ annotation: id, picture, why: object });
    else if (objects.has(picture)) objects.get(picture)!.push(object);
    else objects.set(picture, [object]);
  }
  const shown = file.images.filter(({ id, width, height }) => {
    return !training || (annotated.has(id) && Math.min(width, height) >= LEAST_SIDE);
  });
  shown.length = Math.min(shown.length, limit);
  const used = new Set(shown.map(({ id }) => id));
  return {
    classes: categories.map(({ name }) => name),
    categoryIds: categories.map(({ id }) => id),
    length: shown.length,
    masks,
    file: shown.length === file.images.length ? file : onlyOf(file, used),
    skipped,
    picture: (index) => shown[index]!,
    objects: (index) => objects.get(shown[index]!.id) ?? [],
    mask: (index, { id, segmentation }) => maskOf(segmentation!, shown[index]!, id),
    read: async (index) => {
      const record = shown[index]!;
      const picture = await read(record);
      if (picture.width === record.width && picture.height === record.height) return picture;
      const required = `picture ${record.id} (${record.file_name}) must have its annotations' size`;
      throw new CovpoolError(
        'bad-input',
        `cocoDataset: ${required} ${record.width}x${record.height}, got ${picture.width}x${picture.height}`,
      );
    },
  };
}

function onlyOf({ images, annotations, categories }: CocoFile, used: ReadonlySet<number>): CocoFile {
  return {
    images: images.filter(({ id }) => used.has(id)),
    annotations: annotations.filter(({ image_id }) => used.has(image_id)),
    categories,
  };
}

function unknown({ image_id, category_id }: CocoObject, size: CocoPicture | undefined): string {
  return size ? `there is no category ${category_id}` : `there is no picture ${image_id}`;
}

/** The object, or why there is none. */
function learnt(annotation: CocoObject, picture: CocoPicture, label: number, masks: boolean): DetectionObject | string {
  const { id, bbox, area, ignore, segmentation } = annotation;
  const [x, y, width, height] = bbox;
  if (ignore) return 'it is marked to be ignored';
  if (width < 1 || height < 1) return `its box is ${width}x${height} pixels`;
  const across = Math.min(x + width, picture.width) - Math.max(x, 0);
  const down = Math.min(y + height, picture.height) - Math.max(y, 0);
  if (across <= 0 || down <= 0) return 'its box is outside of the picture';
  if (area <= 0) return `its area is ${area}`;
  const object: DetectionObject = { id, label, box: [x, y, x + width, y + height] };
  if (!masks) return object;
  if (segmentation === undefined) return 'it has no mask';
  if (!Array.isArray(segmentation)) {
    maskOf(segmentation, picture, id);
    return { ...object, segmentation };
  }
  const outlines = segmentation.filter((points) => !(points?.length < 2 * CORNERS));
  if (outlines.length === 0) return 'its outline has fewer than three points';
  for (const points of outlines) checkOutline(points, picture, id);
  return { ...object, segmentation: outlines };
}

/** What filling would refuse, found before a training has begun. */
function checkOutline(points: unknown, picture: CocoPicture, id: number): void {
  if (Array.isArray(points) && points.length % 2 === 0 && points.every(Number.isFinite)) return;
  const got = Array.isArray(points) ? `${points.length} values` : JSON.stringify(points);
  throw refuse(id, picture, `an outline must be finite numbers x0, y0, x1, y1, …, got ${got}`);
}

function maskOf(segmentation: NonNullable<CocoObject['segmentation']>, picture: CocoPicture, id: number): Rle {
  const { width, height } = picture;
  let mask: Rle;
  try {
    mask = Array.isArray(segmentation) ? rle.fromPolygons(segmentation, height, width) : rle.parse(segmentation);
  } catch (cause) {
    throw refuse(id, picture, (cause as Error).message, cause);
  }
  if (mask.size[0] === height && mask.size[1] === width) return mask;
  throw refuse(id, picture, `the mask must have its picture's size [${height},${width}], got [${mask.size.join()}]`);
}

function refuse(id: number, picture: CocoPicture, message: string, cause?: unknown): CovpoolError {
  const where = `annotation ${id} (picture ${picture.id}, ${picture.file_name})`;
  return new CovpoolError('bad-input', `cocoDataset: ${where}: ${message}`, { cause });
}
