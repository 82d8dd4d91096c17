import type { Picture } from './picture.ts';
import { resize } from './resize.ts';
import type { ResizeFilter } from './resize-filters.ts';

/** Scales the shorter side to `size` and the longer one to `floor(size * long / short)`: 500x375 to 256 gives 341x256. */
export function resizeShorterSide(
  picture: Picture,
  { size, filter = 'bilinear' }: { size: number; filter?: ResizeFilter },
): Picture {
  const { width, height } = picture;
  const long = Math.floor((size * Math.max(width, height)) / Math.min(width, height));
  return width <= height ? resize(picture, size, long, { filter }) : resize(picture, long, size, { filter });
}
