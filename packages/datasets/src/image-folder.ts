import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { CovpoolError } from '@covpool/base';
import { openSource } from './picture-source.ts';
import type { SourceDataset } from './picture-source.ts';

const EXTENSIONS = ['jpg', 'jpeg', 'png', 'webp', 'gif', 'tif', 'tiff'];
const SPLITS = ['train', 'val', 'valid', 'validation', 'test'];

export interface ImageFolderOptions {
  /** The folder below the root that holds the classes: `train`, `val`. */
  split?: string;
  /** How many bytes of decoded pictures stay in memory, so that later epochs need not decode them. */
  cacheBytes?: number;
}

/**
 * The pictures of `<root>/<split>/<class>/**`: a class is a folder, classes and files are sorted by their names (by code
 * unit, not by locale), files are known by their extensions (jpg jpeg png webp gif tif tiff, any case), names that
 * start with a dot are skipped. Files are decoded when they are read.
 *
 * Fails with `bad-input` for a missing folder, no class or only one, a class without a picture, and a
 * folder of splits where none was named.
 *
 * @example
 * const train = await imageFolder('data/materials', { split: 'train' });
 * train.classes; // ['cardboard', 'glass', 'metal', 'paper', 'plastic', 'trash']
 */
export async function imageFolder(root: string, options: ImageFolderOptions = {}): Promise<SourceDataset> {
  const { split, cacheBytes = 2 ** 29 } = options;
  const folder = split === undefined ? root : join(root, split);
  const classes = await classFolders(folder, split !== undefined);
  const paths: string[] = [];
  const labels: number[] = [];
  for (const [label, name] of classes.entries()) {
    const found = await pictureFiles(join(folder, name));
    if (found.length === 0)
      throw refuse(`at least one picture (${EXTENSIONS.join(' ')}) in every class folder is required`, {
        got: `none in ${join(folder, name)}`,
        advice: 'add pictures or remove the folder',
      });
    for (const file of found) {
      paths.push(join(name, file));
      labels.push(label);
    }
  }
  const source = { kind: 'files', files: paths.map((path) => join(folder, path)), cacheBytes } as const;
  return {
    classes,
    length: paths.length,
    label: (index) => labels[index]!,
    name: (index) => paths[index]!,
    read: openSource(source),
    source,
  };
}

async function list(folder: string): Promise<Dirent[]> {
  try {
    return (await readdir(folder, { withFileTypes: true })).filter((entry) => !entry.name.startsWith('.'));
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw refuse('a folder with one folder of pictures per class is required', {
      got: `${folder}, which ${code === 'ENOENT' ? 'does not exist' : `cannot be listed (${code})`}`,
      advice: 'check the path and the split',
      cause,
    });
  }
}

async function isFolder(parent: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return stat(join(parent, entry.name)).then(
    (target) => target.isDirectory(),
    () => false,
  );
}

async function classFolders(folder: string, splitGiven: boolean): Promise<string[]> {
  const entries = await list(folder);
  const classes: string[] = [];
  for (const entry of entries) if (await isFolder(folder, entry)) classes.push(entry.name);
  classes.sort();
  const content = entries.length === 0 ? 'nothing in it' : `${entries.length} files and no folder`;
  if (classes.length < 2)
    throw refuse('at least two class folders are required', {
      got: classes.length === 0 ? `${folder} with ${content}` : `only '${classes[0]}' in ${folder}`,
      advice: 'give the folder whose folders are the classes, and the split if there are any',
    });
  if (!splitGiven && classes.every((name) => SPLITS.includes(name)))
    throw refuse('the folder whose folders are the classes is required', {
      got: `${folder} with the splits ${classes.join(', ')}`,
      advice: `set split, to '${classes[0]}' for instance`,
    });
  return classes;
}

/** Paths relative to the folder. Links to folders are not followed here: they could lead back up. */
async function pictureFiles(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await list(folder)) {
    if (entry.isDirectory())
      found.push(...(await pictureFiles(join(folder, entry.name))).map((file) => join(entry.name, file)));
    else if (EXTENSIONS.includes(extname(entry.name).slice(1).toLowerCase())) found.push(entry.name);
  }
  return found.sort();
}

function refuse(required: string, { got, advice, cause }: { got: string; advice: string; cause?: unknown }) {
  return new CovpoolError('bad-input', `imageFolder: ${required}, got ${got}; ${advice}`, { cause });
}
