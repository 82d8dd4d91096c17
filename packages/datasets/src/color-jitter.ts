import type { Random } from '@covpool/base';
import type { Picture } from './picture.ts';

/** ITU-R 601 luma in 16-bit fixed point, as PIL converts RGB to L. */
function luma(r: number, g: number, b: number): number {
  return (r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16;
}

/** `from + factor * (to - from)` in single precision, cut to a whole number in 0..255, as PIL's `Image.blend`. */
function blend(from: number, to: number, factor: number): number {
  const value = Math.fround(from + Math.fround(factor * (to - from)));
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
}

function blendWithGrey({ width, height, data }: Picture, factor: number, grey: (at: number) => number): Picture {
  const single = Math.fround(factor);
  const result = new Uint8Array(data.length);
  for (let at = 0; at < data.length; at += 3) {
    const from = grey(at);
    for (let c = at; c < at + 3; c++) result[c] = blend(from, data[c]!, single);
  }
  return { width, height, data: result };
}

/** Blends with black: 0 is black, 1 the picture, more is brighter. */
export function adjustBrightness(picture: Picture, factor: number): Picture {
  return blendWithGrey(picture, factor, () => 0);
}

/** Blends with the rounded mean of the grey picture: 0 is plain grey, 1 the picture. */
export function adjustContrast(picture: Picture, factor: number): Picture {
  const { data } = picture;
  let sum = 0;
  for (let at = 0; at < data.length; at += 3) sum += luma(data[at]!, data[at + 1]!, data[at + 2]!);
  const mean = Math.floor(sum / (data.length / 3) + 0.5);
  return blendWithGrey(picture, factor, () => mean);
}

/** Blends with the grey picture: 0 is grey, 1 the picture. */
export function adjustSaturation(picture: Picture, factor: number): Picture {
  const { data } = picture;
  return blendWithGrey(picture, factor, (at) => luma(data[at]!, data[at + 1]!, data[at + 2]!));
}

export interface ColorJitterOptions {
  /** Each factor is drawn from U(max(0, 1 - strength), 1 + strength); 0 leaves the picture alone. */
  brightness?: number;
  contrast?: number;
  saturation?: number;
}

/** Brightness, contrast and saturation changed by random factors, in random order. */
export function colorJitter(
  picture: Picture,
  random: Random,
  { brightness = 0, contrast = 0, saturation = 0 }: ColorJitterOptions,
): Picture {
  const steps: [(picture: Picture, factor: number) => Picture, number][] = [
    [adjustBrightness, brightness],
    [adjustContrast, contrast],
    [adjustSaturation, saturation],
  ];
  let result = picture;
  for (const [adjust, strength] of random.shuffle(steps))
    if (strength > 0) result = adjust(result, random.uniform(Math.max(0, 1 - strength), 1 + strength));
  return result;
}
