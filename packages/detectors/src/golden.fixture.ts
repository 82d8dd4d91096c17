import { readFileSync } from 'node:fs';

/** What tools/detection-goldens/make_detection_goldens.py wrote under this name. */
export const readGolden = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`goldens/${name}.json`, import.meta.url), 'utf8')) as T;
