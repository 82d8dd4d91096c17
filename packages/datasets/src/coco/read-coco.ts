import { CovpoolError } from '@covpool/base';
import type { CocoClass, CocoFile, CocoObject, CocoPicture } from './coco-file.ts';
import { readJsonLists } from './json-lists.ts';

export interface ReadCocoOptions {
  /** What to call the file in an error. */
  name?: string;
  /** Keep the outlines and run lengths, which are most of the file. */
  masks?: boolean;
}

type Fields = Record<string, unknown>;

/**
 * Reads COCO's annotations (`images`, `annotations`, `categories`) from a stream of bytes: a file of any size, since only the entry that is
 * being read is held as text. Kept are the fields of `CocoFile`; a missing `area` becomes width times height.
 *
 * @throws `bad-input` in one line, with picture and annotation id, for ids that are no whole numbers or occur twice, boxes
 * that are not four finite numbers, pictures without a name or a size, text that is no JSON, and a list that is missing.
 *
 * @example
 * const response = await fetch('instances_val.json');
 * const file = await readCoco(response.body, { name: 'instances_val.json' });
 */
export async function readCoco(
  chunks: AsyncIterable<Uint8Array>,
  { name = 'readCoco', masks = true }: ReadCocoOptions = {},
): Promise<CocoFile> {
  const file: CocoFile = { images: [], annotations: [], categories: [] };
  const known = { images: new Set<number>(), annotations: new Set<number>(), categories: new Set<number>() };
  const readers: { [K in keyof CocoFile]: (entry: Fields, fail: Fail) => CocoFile[K][number] } = {
    images: readPicture,
    annotations: (entry, fail) => readObject(entry, fail, masks),
    categories: readClass,
  };
  const lists = await readJsonLists(chunks, name, (list, item, index) => {
    if (!Object.hasOwn(readers, list)) return;
    const key = list as keyof CocoFile;
    const entry = (typeof item === 'object' && item !== null ? item : {}) as Fields;
    const fail: Fail = (required, got) =>
      new CovpoolError('bad-input', `${name}: ${describe(key, entry, index)}: ${required}, got ${show(got)}`);
    if (entry !== item) throw fail('an object is required', item);
    const { id } = entry;
    if (!Number.isSafeInteger(id)) throw fail('id must be a whole number', id);
    if (known[key].has(id as number)) throw fail('ids must occur once', `${String(id)} again`);
    known[key].add(id as number);
    (file[key] as unknown[]).push(readers[key](entry, fail));
  });
  for (const list of Object.keys(readers)) {
    if (lists.has(list)) continue;
    const got = lists.size > 0 ? `only ${[...lists].join(', ')}` : 'no list';
    throw new CovpoolError(
      'bad-input',
      `${name}: lists images, annotations and categories are required, got ${got}; add '${list}'`,
    );
  }
  return file;
}

type Fail = (required: string, got: unknown) => CovpoolError;

function readPicture({ id, file_name, width, height }: Fields, fail: Fail): CocoPicture {
  if (typeof file_name !== 'string' || file_name === '') throw fail('file_name must be a path', file_name);
  const isSide = (side: unknown) => Number.isSafeInteger(side) && (side as number) > 0;
  if (!isSide(width) || !isSide(height)) throw fail('width and height must be positive whole numbers', [width, height]);
  return { id: id as number, file_name, width: width as number, height: height as number };
}

function readClass({ id, name }: Fields, fail: Fail): CocoClass {
  if (name !== undefined && typeof name !== 'string') throw fail('name must be a text', name);
  return { id: id as number, name: (name as string | undefined) ?? String(id) };
}

function readObject(entry: Fields, fail: Fail, masks: boolean): CocoObject {
  const { id, image_id, category_id, bbox, area, iscrowd, ignore, segmentation } = entry;
  if (!Number.isSafeInteger(image_id)) throw fail('image_id must be a whole number', image_id);
  if (!Number.isSafeInteger(category_id)) throw fail('category_id must be a whole number', category_id);
  if (!Array.isArray(bbox) || bbox.length !== 4 || !bbox.every(Number.isFinite))
    throw fail('bbox must be four finite numbers [x, y, width, height]', bbox);
  const box = bbox as CocoObject['bbox'];
  if (area !== undefined && area !== null && !Number.isFinite(area)) throw fail('area must be a finite number', area);
  return {
    id: id as number,
    image_id: image_id as number,
    category_id: category_id as number,
    bbox: box,
    area: (area as number | null | undefined) ?? box[2] * box[3],
    iscrowd: iscrowd ? 1 : 0,
    ...(ignore ? { ignore: true as const } : {}),
    ...(masks && segmentation !== undefined && segmentation !== null
      ? { segmentation: segmentation as NonNullable<CocoObject['segmentation']> }
      : {}),
  };
}

function describe(list: keyof CocoFile, { id, image_id }: Fields, index: number): string {
  if (list === 'annotations') return `annotation ${show(id)} (picture ${show(image_id)})`;
  const what = list === 'images' ? 'picture' : 'category';
  return id === undefined ? `${what} at ${index}` : `${what} ${show(id)}`;
}

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value) ?? 'nothing';
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
