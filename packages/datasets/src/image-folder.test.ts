import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '@covpool/testing/node';
import { describe, expect, it } from 'vitest';
import { readGolden } from './goldens/read-golden.fixture.ts';
import { imageFolder } from './image-folder.ts';

const png = Buffer.from(
  readGolden<{ cases: { name: string; file: string }[] }>('decode').cases.find(({ name }) => name === 'rgb.png')!.file,
  'base64',
);

const at = temporaryFolder();

/** A folder with these files; names that end in a slash are folders. */
async function tree(name: string, files: string[]): Promise<string> {
  const folder = at(name);
  await mkdir(folder, { recursive: true });
  for (const file of files) {
    const path = join(folder, file);
    await mkdir(file.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!file.endsWith('/')) await writeFile(path, png);
  }
  return folder;
}

describe('imageFolder: values', () => {
  it('sorts classes and files, and takes pictures only', async () => {
    const files = [
      'b/2.PNG',
      'b/10.png',
      'a/x.Jpeg',
      'a/deep/y.gif',
      'a/notes.txt',
      'Z/1.tiff',
      '.git/1.png',
      'b/.1.png',
    ];
    const dataset = await imageFolder(await tree('sorted', [...files, 'README.md']));
    expect(dataset.classes).toEqual(['Z', 'a', 'b']);
    const samples = Array.from({ length: dataset.length }, (_, i) => [dataset.name(i), dataset.label(i)]);
    expect(samples).toEqual([
      ['Z/1.tiff', 0],
      ['a/deep/y.gif', 1],
      ['a/x.Jpeg', 1],
      ['b/10.png', 2],
      ['b/2.PNG', 2],
    ]);
    expect(await dataset.read(3)).toMatchObject({ width: 13, height: 9 });
  });

  it('takes a split', async () => {
    const folder = await tree('splits', [
      'train/a/1.png',
      'train/b/1.png',
      'train/b/2.png',
      'val/a/1.png',
      'val/b/1.png',
    ]);
    expect((await imageFolder(folder, { split: 'train' })).length).toBe(3);
    expect((await imageFolder(folder, { split: 'val' })).length).toBe(2);
  });

  it('follows links to classes and pictures', async () => {
    const folder = await tree('links', ['a/1.png']);
    await symlink(join(folder, 'a'), join(folder, 'b'));
    await symlink(join(folder, 'a/1.png'), join(folder, 'a/2.png'));
    expect((await imageFolder(folder)).length).toBe(4);
  });

  it('reads the pictures that ship', async () => {
    const materials = fileURLToPath(new URL('../../../data/materials', import.meta.url));
    const train = await imageFolder(materials, { split: 'train' });
    const counts = train.classes.map(() => 0);
    for (let i = 0; i < train.length; i++) counts[train.label(i)]!++;
    expect(train.classes).toEqual(['cardboard', 'glass', 'metal', 'paper', 'plastic', 'trash']);
    expect(counts).toEqual([287, 351, 285, 403, 347, 91]);
    expect((await imageFolder(materials, { split: 'val' })).length).toBe(327);
    const { width, height } = await train.read(1000);
    expect([width, height].sort()).toEqual([128, 96]);
  });
});

describe('imageFolder: properties', () => {
  it('keeps decoded pictures up to the limit', async () => {
    const folder = await tree('cache', ['a/1.png', 'b/1.png']);
    const cached = await imageFolder(folder);
    expect(await cached.read(0)).toBe(await cached.read(0));
    const uncached = await imageFolder(folder, { cacheBytes: 0 });
    expect(await uncached.read(0)).not.toBe(await uncached.read(0));
    expect(await uncached.read(0)).toEqual(await cached.read(0));
  });
});

describe('imageFolder: rejects', () => {
  const advice = 'give the folder whose folders are the classes, and the split if there are any';
  it.each<[string, string[], { split?: string }, string]>([
    [
      'missing',
      ['a/1.png'],
      { split: 'test' },
      'per class is required, got ROOT/test, which does not exist; check the path',
    ],
    ['nothing', [], {}, `imageFolder: at least two class folders are required, got ROOT with nothing in it; ${advice}`],
    ['files', ['1.png', '2.png'], {}, 'got ROOT with 2 files and no folder'],
    ['one-class', ['cats/1.png'], {}, "imageFolder: at least two class folders are required, got only 'cats' in ROOT"],
    [
      'empty-class',
      ['cats/1.png', 'dogs/'],
      {},
      'in every class folder is required, got none in ROOT/dogs; add pictures',
    ],
    [
      'no-pictures',
      ['cats/1.txt', 'dogs/1.txt'],
      {},
      '(jpg jpeg png webp gif tif tiff) in every class folder is required',
    ],
    [
      'only-splits',
      ['train/a/1.png', 'val/a/1.png'],
      {},
      "with the splits train, val; set split, to 'train' for instance",
    ],
  ])('%s', async (name, files, options, message) => {
    const folder = await tree(name, files);
    const error = await imageFolder(folder, options).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'bad-input' });
    expect((error as Error).message).toContain(message.replace('ROOT', folder));
    expect((error as Error).message).not.toContain('\n');
  });

  it('a file in place of the folder', async () => {
    const folder = await tree('file', ['x.png']);
    await expect(imageFolder(join(folder, 'x.png'))).rejects.toThrow('x.png, which cannot be listed (ENOTDIR)');
  });
});
