import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { CovpoolError } from '@covpool/base';
import { userPath } from '@covpool/cli';

const EXTENSIONS = ['.jpg', '.jpeg', '.png', '.webp', '.gif', '.tif', '.tiff'];

/** The picture files that were named, and those in the folders that were, in the order of their names. */
export async function pictureFiles(named: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const name of named) {
    const path = userPath(name);
    const found = await stat(path).catch(() => undefined);
    if (!found)
      throw new CovpoolError('bad-input', `predict: a picture or a folder is required, got ${name}: it does not exist`);
    if (!found.isDirectory()) {
      files.push(path);
      continue;
    }
    const entries = (await readdir(path)).filter((entry) => EXTENSIONS.includes(extname(entry).toLowerCase())).sort();
    if (entries.length === 0) {
      const required = `at least one picture (${EXTENSIONS.join(' ')}) in the folder`;
      throw new CovpoolError('bad-input', `predict: ${required} is required, got none in ${name}`);
    }
    files.push(...entries.map((entry) => join(path, entry)));
  }
  return files;
}
