import { checkArgument } from '@covpool/base';

/** A picture of 8-bit RGB triples, row by row from the top. */
export interface RgbPicture {
  width: number;
  height: number;
  data: Uint8Array | Uint8ClampedArray;
}

/**
 * A picture as a PNG file, without loss; the same in Node and in a browser.
 *
 * @throws `bad-argument` unless the data holds width · height · 3 values.
 */
export async function pngOfPicture({ width, height, data }: RgbPicture): Promise<Uint8Array> {
  checkArgument(
    Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0,
    () => `pngOfPicture: width and height must be positive whole numbers, got ${width}×${height}`,
  );
  checkArgument(
    data.length === width * height * 3,
    () => `pngOfPicture: ${width}×${height} RGB needs ${width * height * 3} values, got ${data.length}`,
  );
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 2, 0, 0, 0], 8); // 8 bits, RGB, deflate, filters per row, not interlaced
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return concatenate([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', await deflate(filterRows(data, width * 3, height))),
    chunk('IEND', new Uint8Array(0)),
  ]);
}

/** Puts PNG's Paeth filter before every row: each value becomes its difference to the best of three neighbours. */
function filterRows(data: RgbPicture['data'], stride: number, height: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array((stride + 1) * height);
  for (let y = 0; y < height; y++) {
    const from = y * stride;
    const to = y * (stride + 1) + 1;
    out[to - 1] = 4;
    for (let i = 0; i < stride; i++) {
      const left = i >= 3 ? data[from + i - 3]! : 0;
      const up = y > 0 ? data[from + i - stride]! : 0;
      const corner = i >= 3 && y > 0 ? data[from + i - stride - 3]! : 0;
      const guess = left + up - corner;
      const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
      out[to + i] = data[from + i]! - (a <= b && a <= c ? left : b <= c ? up : corner);
    }
  }
  return out;
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate'));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

function chunk(type: string, body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(body.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, body.length);
  for (let i = 0; i < 4; i++) bytes[4 + i] = type.charCodeAt(i);
  bytes.set(body, 8);
  view.setUint32(bytes.length - 4, crc32(bytes.subarray(4, bytes.length - 4)));
  return bytes;
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
