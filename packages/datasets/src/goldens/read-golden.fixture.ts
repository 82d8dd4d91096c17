import { readFileSync } from 'node:fs';
import type { Picture } from '../picture.ts';

/** A picture as it stands in a golden file: RGB rows in base64. */
export interface GoldenPicture {
  width: number;
  height: number;
  data: string;
}

export function fromGolden({ width, height, data }: GoldenPicture): Picture {
  return { width, height, data: new Uint8Array(Buffer.from(data, 'base64')) };
}

/** A file that tools/make-pil-goldens.py wrote. */
export function readGolden<T>(name: 'adjust' | 'decode' | 'resize'): T {
  return JSON.parse(readFileSync(new URL(`${name}.json`, import.meta.url), 'utf8')) as T;
}
