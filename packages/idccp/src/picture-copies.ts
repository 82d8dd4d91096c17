import { checkArgument } from '@covpool/base';
import { concat, image, slice, type Tensor4D, tidy } from '@tensorflow/tfjs-core';
import { d4Transforms } from './d4.ts';

/** Shares of the pictures' sides that are kept by central crops. */
export interface CropOptions {
  /** One granularity each; 1 is the whole picture. MG-CAP has 1, 0.9 and 0.8. */
  crops?: number[];
}

/**
 * Central crops of square pictures, enlarged to the full side again by bilinear interpolation; every crop in its eight
 * symmetries.
 *
 * @param x [B,S,S,C]
 * @returns [8·crops·B,S,S,C], the crops one after the other, each in the order of `d4Transforms`
 */
export function pictureCopies(x: Tensor4D, { crops = [1] }: CropOptions = {}): Tensor4D {
  return tidy(() =>
    concat(
      checkCrops('pictureCopies', crops).map((share) => d4Transforms(centralCrop(x, share))),
      0,
    ),
  );
}

function centralCrop(x: Tensor4D, share: number): Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const [top, left] = [height, width].map((extent) => Math.floor((extent * (1 - share)) / 2)) as [number, number];
  if (top === 0 && left === 0) return x;
  const cropped = slice(x, [0, top, left, 0], [batch, height - 2 * top, width - 2 * left, channels]);
  // Half-pixel centres: the other convention would shift the crop, and not alike for a picture and its mirror image.
  return image.resizeBilinear(cropped, [height, width], false, true);
}

export function checkCrops(who: string, crops: number[]): number[] {
  checkArgument(
    crops.length > 0 && crops.every((share) => share > 0 && share <= 1),
    () => `${who}: crops must be shares above 0 and up to 1, got [${crops}]`,
  );
  return crops;
}
