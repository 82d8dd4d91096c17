import { checkArgument } from '@covpool/base';
import type { Random } from '@covpool/base';
import { checkSize } from './picture.ts';
import type { Picture } from './picture.ts';
import { roundHalfEven } from './round-half-even.ts';

/**
 * The part of a picture that starts at (`left`, `top`). Where the part leaves the picture it is black, so that negative
 * offsets pad. Fails with `bad-argument` for a size that is not positive and whole.
 */
export function crop(picture: Picture, left: number, top: number, width: number, height: number): Picture {
  checkSize('crop', width, height);
  const data = new Uint8Array(width * height * 3);
  const x0 = Math.max(0, left);
  const x1 = Math.min(picture.width, left + width);
  if (x1 <= x0) return { width, height, data };
  for (let y = Math.max(0, top); y < Math.min(picture.height, top + height); y++) {
    const row = y * picture.width;
    data.set(picture.data.subarray((row + x0) * 3, (row + x1) * 3), ((y - top) * width + x0 - left) * 3);
  }
  return { width, height, data };
}

/** How many black pixels go before a side that is too short. */
const shortfall = (side: number, size: number) => Math.max(0, Math.floor((size - side) / 2));

/**
 * The middle `size x size` pixels; offsets are rounded half to even. A picture that is too small is first padded with black,
 * as torchvision does.
 */
export function centerCrop(picture: Picture, { size }: { size: number }): Picture {
  const offset = (side: number) => (side < size ? -shortfall(side, size) : roundHalfEven((side - size) / 2));
  return crop(picture, offset(picture.width), offset(picture.height), size, size);
}

export interface RandomCropOptions {
  size: number;
  /** Black pixels added on every side first. */
  padding?: number;
}

/**
 * `size x size` pixels at a random place of the padded picture. Fails with `bad-argument` if the padded picture is smaller.
 */
export function randomCrop(picture: Picture, random: Random, { size, padding = 0 }: RandomCropOptions): Picture {
  const rangeX = picture.width + 2 * padding - size;
  const rangeY = picture.height + 2 * padding - size;
  checkArgument(
    rangeX >= 0 && rangeY >= 0,
    () =>
      `randomCrop: a picture of at least ${size}x${size} is required, got ${picture.width}x${picture.height} with ` +
      `padding ${padding}; resize it first or pad more`,
  );
  const top = random.integer(rangeY + 1);
  const left = random.integer(rangeX + 1);
  return crop(picture, left - padding, top - padding, size, size);
}
