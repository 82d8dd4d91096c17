import { cachePictures } from './picture-cache.ts';
import { decodePicture } from './decode-picture.ts';
import type { Dataset } from './dataset.ts';
import type { Picture } from './picture.ts';

/** Where a dataset's pictures come from, as data that another thread can be handed. */
export type PictureSource =
  /** Files to decode, and how many bytes of decoded pictures may stay in memory. */
  | { kind: 'files'; files: readonly string[]; cacheBytes: number }
  /** Pictures of one size, plane after plane (all reds, all greens, all blues), in memory that threads share. */
  | { kind: 'planes'; width: number; height: number; data: Uint8Array; stride: number; offset: number };

/** A dataset whose pictures worker threads can read by themselves. */
export interface SourceDataset extends Dataset {
  readonly source: PictureSource;
}

/** The function that reads picture by picture from a source. */
export function openSource(source: PictureSource): (index: number) => Promise<Picture> {
  if (source.kind === 'planes') return async (index) => fromPlanes(source, index);
  return cachePictures((index) => decodePicture(source.files[index]!), source.cacheBytes);
}

function fromPlanes(source: PictureSource & { kind: 'planes' }, index: number): Picture {
  const { width, height } = source;
  const area = width * height;
  const start = index * source.stride + source.offset;
  const data = new Uint8Array(area * 3);
  for (let c = 0; c < 3; c++) for (let i = 0; i < area; i++) data[i * 3 + c] = source.data[start + c * area + i]!;
  return { width, height, data };
}
