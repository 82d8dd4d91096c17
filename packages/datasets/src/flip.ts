import type { Random } from '@covpool/base';
import type { Picture } from './picture.ts';

/** Left becomes right. */
export function flipHorizontally({ width, height, data }: Picture): Picture {
  const flipped = new Uint8Array(data.length);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 3;
      const to = (y * width + width - 1 - x) * 3;
      flipped[to] = data[from]!;
      flipped[to + 1] = data[from + 1]!;
      flipped[to + 2] = data[from + 2]!;
    }
  return { width, height, data: flipped };
}

/** Top becomes bottom. */
export function flipVertically({ width, height, data }: Picture): Picture {
  const flipped = new Uint8Array(data.length);
  const row = width * 3;
  for (let y = 0; y < height; y++) flipped.set(data.subarray(y * row, (y + 1) * row), (height - 1 - y) * row);
  return { width, height, data: flipped };
}

export interface RandomFlipOptions {
  probability?: number;
}

/** Flips left and right with the given probability. */
export function randomHorizontalFlip(
  picture: Picture,
  random: Random,
  { probability = 0.5 }: RandomFlipOptions = {},
): Picture {
  return random.uniform() < probability ? flipHorizontally(picture) : picture;
}

/** Flips top and bottom with the given probability. */
export function randomVerticalFlip(
  picture: Picture,
  random: Random,
  { probability = 0.5 }: RandomFlipOptions = {},
): Picture {
  return random.uniform() < probability ? flipVertically(picture) : picture;
}
