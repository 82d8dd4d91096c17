import { checkArgument } from '@covpool/base';
import type { Picture } from './picture.ts';

/** One number for each of red, green and blue, on the scale where white is 1. */
export type Rgb = readonly [number, number, number];

/** Writes a picture's normalised values at an offset. */
export type Normalizer = (picture: Picture, target: Float32Array, offset: number) => void;

/**
 * Prepares `(v / 255 - mean) / std` per channel, in single precision and in this order, as torchvision's ToTensor and
 * Normalize. Fails with `bad-argument` for a mean that is not finite or a standard deviation that is not positive.
 */
export function createNormalizer(mean: Rgb = [0, 0, 0], std: Rgb = [1, 1, 1]): Normalizer {
  checkArgument(
    mean.length === 3 && mean.every(Number.isFinite),
    () => `normalize: mean must be three finite numbers, got [${mean}]`,
  );
  checkArgument(
    std.length === 3 && std.every((s) => Number.isFinite(s) && s > 0),
    () => `normalize: std must be three positive numbers, got [${std}]`,
  );
  const { fround } = Math;
  const tables = mean.map((m, c) =>
    Float32Array.from({ length: 256 }, (_, v) => fround(fround(v / 255) - fround(m)) / fround(std[c]!)),
  ) as [Float32Array, Float32Array, Float32Array];
  const [red, green, blue] = tables;
  return ({ data }, target, offset) => {
    for (let i = 0; i < data.length; i += 3) {
      target[offset + i] = red[data[i]!]!;
      target[offset + i + 1] = green[data[i + 1]!]!;
      target[offset + i + 2] = blue[data[i + 2]!]!;
    }
  };
}

/** A picture as float32 `[height, width, 3]`, `(v / 255 - mean) / std`; without mean and std the values lie in 0..1. */
export function normalize(picture: Picture, mean?: Rgb, std?: Rgb): Float32Array {
  const values = new Float32Array(picture.data.length);
  createNormalizer(mean, std)(picture, values, 0);
  return values;
}
