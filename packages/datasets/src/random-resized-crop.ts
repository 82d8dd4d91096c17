import type { Random } from '@covpool/base';
import { crop } from './crop.ts';
import type { Picture } from './picture.ts';
import { resize } from './resize.ts';
import type { ResizeFilter } from './resize-filters.ts';
import { roundHalfEven } from './round-half-even.ts';

export interface RandomResizedCropOptions {
  size: number;
  /** Least and greatest part of the picture's area. */
  scale?: readonly [number, number];
  /** Least and greatest width / height of the part. */
  ratio?: readonly [number, number];
  filter?: ResizeFilter;
}

interface Part {
  left: number;
  top: number;
  width: number;
  height: number;
}

const TRIES = 10;

/**
 * The part of a `width x height` picture that `randomResizedCrop` takes: area `U(scale)` of the whole, aspect ratio
 * `exp(U(log ratio))`, anywhere it fits; after ten misses the centre, with the aspect ratio clamped to the limits.
 */
export function drawPart(
  width: number,
  height: number,
  random: Random,
  scale: readonly [number, number],
  ratio: readonly [number, number],
): Part {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const area = width * height * random.uniform(...scale);
    const aspect = Math.exp(random.uniform(Math.log(ratio[0]), Math.log(ratio[1])));
    const w = roundHalfEven(Math.sqrt(area * aspect));
    const h = roundHalfEven(Math.sqrt(area / aspect));
    if (w < 1 || h < 1 || w > width || h > height) continue;
    const top = random.integer(height - h + 1);
    return { left: random.integer(width - w + 1), top, width: w, height: h };
  }
  const aspect = width / height;
  const w = aspect > ratio[1] ? Math.max(1, roundHalfEven(height * ratio[1])) : width;
  const h = aspect < ratio[0] ? Math.max(1, roundHalfEven(width / ratio[0])) : height;
  return { left: Math.floor((width - w) / 2), top: Math.floor((height - h) / 2), width: w, height: h };
}

/**
 * A random part of the picture scaled to `size x size`, as in the ImageNet recipes (Szegedy et al., "Going deeper with
 * convolutions", 2015). The part is cut out before it is scaled: pixels outside do not contribute.
 */
export function randomResizedCrop(
  picture: Picture,
  random: Random,
  { size, scale = [0.08, 1], ratio = [3 / 4, 4 / 3], filter = 'bilinear' }: RandomResizedCropOptions,
): Picture {
  const { left, top, width, height } = drawPart(picture.width, picture.height, random, scale, ratio);
  return resize(crop(picture, left, top, width, height), size, size, { filter });
}
