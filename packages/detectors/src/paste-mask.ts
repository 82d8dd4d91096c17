import { checkArgument } from '@covpool/base';
import type { Boxes, PictureSize } from './boxes.ts';
import { conventionsOf, type ConventionsOption } from './conventions.ts';
import { maskWindow } from './mask-window.ts';

export interface PasteMaskOptions extends ConventionsOption {
  /** From this probability on a pixel belongs to the mask (mmdet2), or above it (mmdet1, torchvision). @default 0.5 */
  threshold?: number;
}

/**
 * The mask of a whole picture, a byte per pixel and row by row, from the probabilities of the mask head in a box. `rle.encode` with
 * `order: 'row'` takes it.
 *
 * - mmdet2: the probabilities at each pixel's centre, `u = (x + ½ − x1)/(x2 − x1)·S − ½`, bilinear, 0 outside
 * - mmdet1: resized bilinearly to the box in whole pixels, ⌊x1⌋ to ⌊x2⌋
 * - torchvision: framed by zeros, box and frame grown alike, and resized as in mmdet1
 *
 * A box without width or height gives no pixel in mmdet2; in the others it is one pixel wide. Cost: the pixels of the box, and
 * a byte for each of the picture.
 *
 * @param probabilities [S·S] in [0, 1]
 * @param box x1, y1, x2, y2 in pixels of the picture
 * @throws bad-argument unless there are S² probabilities
 */
export function pasteMask(
  probabilities: Float32Array,
  box: Boxes,
  picture: PictureSize,
  { conventions, threshold = 0.5 }: PasteMaskOptions = {},
): Uint8Array {
  const side = Math.round(Math.sqrt(probabilities.length));
  checkArgument(
    side > 0 && side ** 2 === probabilities.length && box.length === 4,
    () => `pasteMask: S² probabilities and one box are required, got ${probabilities.length} and ${box.length / 4}`,
  );
  const { maskPaste } = conventionsOf(conventions);
  const { left, top, width, height, values } = maskWindow(probabilities, box, picture, maskPaste);
  const mask = new Uint8Array(picture[0] * picture[1]);
  for (let i = 0, at = 0; i < height; i++) {
    let pixel = (top + i) * picture[1] + left;
    for (let j = 0; j < width; j++, at++, pixel++) {
      const value = values[at]!;
      if (value > threshold || (value === threshold && maskPaste === 'grid')) mask[pixel] = 1;
    }
  }
  return mask;
}
