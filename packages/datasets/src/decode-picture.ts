import { readFile } from 'node:fs/promises';
import { CovpoolError } from '@covpool/base';
import sharp from 'sharp';
import type { Picture } from './picture.ts';

/**
 * Decodes a picture file (JPEG, PNG, WebP, GIF, TIFF) to 8-bit RGB, in the thread pool, to the pixels that PIL's
 * `Image.open(file).convert('RGB')` gives: grey is repeated, alpha dropped (not blended), CMYK converted without a profile,
 * embedded profiles and the EXIF orientation ignored. 16-bit colour keeps its high byte, but 16-bit grey without alpha is
 * cut off at 255, as PIL does: scale such pictures to 8 bits beforehand. The first frame of an animation is taken;
 * transparent pixels of a GIF are black, where PIL keeps the palette's colour.
 *
 * Fails with `bad-input`, naming the file, for what is missing, empty, truncated or not a picture.
 *
 * @param name What to call the bytes in an error.
 */
export async function decodePicture(file: string | Uint8Array, name?: string): Promise<Picture> {
  const called = name ?? (typeof file === 'string' ? file : `${file.length} bytes`);
  try {
    const bytes = typeof file === 'string' ? await readFile(file) : file;
    if (bytes.length === 0) throw new Error('it is empty');
    return await decode(bytes);
  } catch (cause) {
    throw new CovpoolError(
      'bad-input',
      `decodePicture: a whole JPEG, PNG, WebP, GIF or TIFF picture is required, got ${called}: ${reason(cause)}; ` +
        'replace the file or remove it',
      { cause },
    );
  }
}

async function decode(bytes: Uint8Array): Promise<Picture> {
  // 'error' refuses truncated files of every format and reads on after a mere warning, as PIL does.
  const image = sharp(bytes, { ignoreIcc: true, failOn: 'error' });
  const { space } = await image.metadata();
  if (space === 'cmyk') image.pipelineColourspace('cmyk').toColourspace('cmyk').raw();
  else if (space === 'grey16') image.toColourspace('grey16').raw({ depth: 'ushort' });
  else image.raw();
  const { data, info } = await image.toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (space === 'cmyk') return { width, height, data: fromCmyk(data, channels) };
  if (space === 'grey16') {
    const deep = new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
    return { width, height, data: fromDeepGrey(deep, channels) };
  }
  return { width, height, data: toThreeChannels(data, channels) };
}

function toThreeChannels(data: Uint8Array, channels: number): Uint8Array {
  // A copy even where the layout fits: small buffers share a pool, which must not be kept alive or transferred.
  if (channels === 3) return new Uint8Array(data);
  const rgb = new Uint8Array((data.length / channels) * 3);
  const [green, blue] = channels >= 3 ? [1, 2] : [0, 0];
  for (let from = 0, to = 0; from < data.length; from += channels, to += 3) {
    rgb[to] = data[from]!;
    rgb[to + 1] = data[from + green]!;
    rgb[to + 2] = data[from + blue]!;
  }
  return rgb;
}

/** PIL opens 16-bit grey as I;16, whose conversion clips, and 16-bit grey with alpha as 8 bits, the high byte. */
function fromDeepGrey(data: Uint16Array, channels: number): Uint8Array {
  const grey = new Uint8Array(data.length / channels);
  for (let i = 0; i < grey.length; i++) {
    const value = data[i * channels]!;
    grey[i] = channels === 1 ? Math.min(value, 255) : value >> 8;
  }
  return toThreeChannels(grey, 1);
}

/** `(255 - k) * (255 - c) / 255` with PIL's rounding. */
function fromCmyk(data: Uint8Array, channels: number): Uint8Array {
  const rgb = new Uint8Array((data.length / channels) * 3);
  for (let from = 0, to = 0; from < data.length; from += channels, to += 3) {
    const light = 255 - data[from + 3]!;
    for (let c = 0; c < 3; c++) {
      const product = data[from + c]! * light + 128;
      rgb[to + c] = light - (((product >> 8) + product) >> 8);
    }
  }
  return rgb;
}

function reason(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EACCES' || code === 'EPERM') return 'reading it is not permitted';
  const said = message.trim().replace(/\s*\n\s*/g, ', ');
  // What sharp says where libvips' words were wiped out by another thread.
  return said === 'Unknown error' ? 'it does not decode' : said;
}
