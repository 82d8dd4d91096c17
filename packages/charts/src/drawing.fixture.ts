import { Resvg } from '@resvg/resvg-js';
import { pngDataUri, pngSize } from './png-data-uri.ts';

/** Decodes a PNG for tests: RGBA, row by row. */
export function pixelsOfPng(png: Uint8Array): { width: number; height: number; data: Uint8Array } {
  const { width, height } = pngSize(png);
  const image = `<image width="${width}" height="${height}" image-rendering="optimizeSpeed" href="${pngDataUri(
    png,
  )}"/>`;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${image}</svg>`;
  return { width, height, data: new Uint8Array(new Resvg(svg).render().pixels) };
}

/** How many pixels are darker than mid-grey. */
export function darkPixels(png: Uint8Array): number {
  const { data } = pixelsOfPng(png);
  let count = 0;
  for (let i = 0; i < data.length; i += 4)
    if (data[i]! + data[i + 1]! + data[i + 2]! < 384 && data[i + 3]! > 128) count++;
  return count;
}

/** The texts of an SVG in their order. */
export const textsOf = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)/g)].map((match) => match[1]!);
