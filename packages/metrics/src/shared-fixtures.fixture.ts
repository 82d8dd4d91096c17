import { existsSync, readFileSync } from 'node:fs';

/** Published annotations of 100 pictures, which stand beside the repository where it is developed. */
const folder = new URL('../../../../shared/data/coco-eval-fixtures/', import.meta.url);

export const hasSharedFixtures = existsSync(folder);
export const whySkipped = hasSharedFixtures ? '' : ' (skipped: ../shared/data/coco-eval-fixtures is not here)';

export function readShared<T>(path: string): T {
  return JSON.parse(readFileSync(new URL(path, folder), 'utf8')) as T;
}
