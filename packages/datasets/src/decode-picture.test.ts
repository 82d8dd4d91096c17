import { writeFile } from 'node:fs/promises';
import { temporaryFolder } from '@covpool/testing/node';
import { describe, expect, it } from 'vitest';
import { decodePicture } from './decode-picture.ts';
import { readGolden } from './goldens/read-golden.fixture.ts';
import type { GoldenPicture } from './goldens/read-golden.fixture.ts';

const { cases } = readGolden<{ cases: (GoldenPicture & { name: string; mode: string; file: string })[] }>('decode');
const fileOf = (name: string) => new Uint8Array(Buffer.from(cases.find((c) => c.name === name)!.file, 'base64'));

const at = temporaryFolder();

describe('decodePicture: values', () => {
  it.each(cases)("is PIL's convert('RGB') to the bit: $name ($mode)", async ({ width, height, data, file }) => {
    const picture = await decodePicture(new Uint8Array(Buffer.from(file, 'base64')));
    expect([picture.width, picture.height]).toEqual([width, height]);
    expect(Buffer.from(picture.data).toString('base64')).toBe(data);
  });

  it('reads a path', async () => {
    const path = at('rgb.png');
    await writeFile(path, fileOf('rgb.png'));
    expect(await decodePicture(path)).toEqual(await decodePicture(fileOf('rgb.png')));
  });
});

describe('decodePicture: properties', () => {
  it('gives pixels a buffer of their own, which may be transferred', async () => {
    for (const name of ['rgb.png', 'grey.png', 'cmyk.jpg', 'grey-16.png']) {
      const { data } = await decodePicture(fileOf(name));
      expect(data.buffer.byteLength).toBe(data.length);
    }
  });

  it('reads a JPEG with bytes after its end, which is only worth a warning', async () => {
    const whole = fileOf('colour.jpg');
    const longer = new Uint8Array([...whole, 1, 2, 3, 4]);
    expect(await decodePicture(longer)).toEqual(await decodePicture(whole));
  });
});

describe('decodePicture: rejects', () => {
  const parts = ['colour.jpg', 'progressive-444.jpg', 'rgb.png', 'lossy.webp', 'palette.gif', 'rgb.tiff'];
  it.each(parts.flatMap((name) => [0.5, 0.9].map((part) => [part, name] as const)))(
    'the first %s of %s',
    async (part, name) => {
      const whole = fileOf(name);
      const path = at(`cut-${name}`);
      await writeFile(path, whole.subarray(0, Math.floor(whole.length * part)));
      const message = await decodePicture(path).catch((error: Error) => error.message);
      expect(message).toMatch(
        /^decodePicture: a whole .* picture is required, got [^\n]*; replace the file or remove it$/,
      );
      expect(message).toContain(path);
    },
  );

  it.each([
    ['text.jpg', 'these are words', 'unsupported image format'],
    ['empty.png', '', 'it is empty'],
  ])('%s', async (name, content, why) => {
    const path = at(name);
    await writeFile(path, content);
    await expect(decodePicture(path)).rejects.toMatchObject({
      code: 'bad-input',
      message: expect.stringContaining(why) as string,
    });
    await expect(decodePicture(path)).rejects.toThrow(path);
  });

  it('what is not there, and folders', async () => {
    await expect(decodePicture(at('none.png'))).rejects.toThrow('none.png: there is no such file');
    await expect(decodePicture(at())).rejects.toThrow('it is a folder');
  });

  it('bytes, under the name that was given', async () => {
    await expect(decodePicture(new Uint8Array([1, 2, 3]), 'upload 7')).rejects.toThrow('got upload 7: ');
  });
});
