import { inflateSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pngDataUri, pngSize } from './png-data-uri.ts';
import { pngOfPicture } from './png-of-picture.ts';
import { pixelsOfPng } from './drawing.fixture.ts';

const pictures = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
  .chain(([width, height]) =>
    fc
      .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
      .map((data) => ({ width, height, data })),
  );

describe('values', () => {
  it('writes the chunks that a PNG needs', async () => {
    const png = await pngOfPicture({ width: 1, height: 1, data: Uint8Array.of(10, 20, 30) });
    const text = new TextDecoder('latin1').decode(png);
    expect(text.slice(1, 4)).toBe('PNG');
    expect(text.indexOf('IHDR')).toBe(12);
    expect(text.slice(-8, -4)).toBe('IEND');
    // CRC-32 of an empty IEND, as in every PNG file.
    expect([...png.slice(-4)]).toEqual([0xae, 0x42, 0x60, 0x82]);
    const start = text.indexOf('IDAT') + 4;
    expect([...inflateSync(png.subarray(start, -16))]).toEqual([4, 10, 20, 30]);
  });

  it('packs what neighbours foretell', async () => {
    const data = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i % 192) + Math.floor(i / 192));
    expect((await pngOfPicture({ width: 64, height: 64, data })).length).toBeLessThan(400);
  });
});

describe('properties', () => {
  it('gives every picture back', async () => {
    await fc.assert(
      fc.asyncProperty(pictures, async (picture) => {
        const png = await pngOfPicture(picture);
        expect(pngSize(png)).toEqual({ width: picture.width, height: picture.height });
        expect([...pixelsOfPng(png).data].filter((_, i) => i % 4 < 3)).toEqual([...picture.data]);
      }),
      { numRuns: 60 },
    );
  });

  it('has a data URI that holds the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 20_000, size: 'max' }), (bytes) => {
        const [head, base64] = pngDataUri(bytes).split(',');
        expect(head).toBe('data:image/png;base64');
        expect(Buffer.from(base64!, 'base64').equals(bytes)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});

describe('rejects', () => {
  it.each([
    ['grey data', { width: 2, height: 2, data: new Uint8Array(4) }, /2×2 RGB needs 12 values, got 4/],
    ['no width', { width: 0, height: 2, data: new Uint8Array(0) }, /positive whole numbers, got 0×2/],
    ['half a row', { width: 1, height: 1.5, data: new Uint8Array(3) }, /got 1×1.5/],
  ])('%s', async (_, picture, message) => {
    await expect(pngOfPicture(picture)).rejects.toThrow(message);
  });

  it('a file that is no PNG', () => {
    expect(() => pngSize(new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>'))).toThrow(
      /a PNG file is required/,
    );
  });
});
