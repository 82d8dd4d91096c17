import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder as a whole or not at all: `make` fills one beside it, which takes its place at the end. Nothing happens
 * where it is there already.
 *
 * @returns whether it was made now
 */
export async function placeFolder(folder: string, make: (draft: string) => Promise<void>): Promise<boolean> {
  if (existsSync(folder)) return false;
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(`${folder}.draft-`);
  try {
    await make(draft);
    await rename(draft, folder);
    return true;
  } catch (cause) {
    // Another process was quicker.
    if (existsSync(folder)) return false;
    throw cause;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
