import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { temporaryFolder } from '@covpool/testing/node';
import { describe, expect, it } from 'vitest';
import { sample, textOf } from './coco/coco.fixture.ts';
import { cocoFolder } from './coco-folder.ts';

const at = temporaryFolder();

async function folderWith(name: string, pictures: string): Promise<string> {
  const folder = at(name);
  await mkdir(join(folder, 'annotations'), { recursive: true });
  await mkdir(join(folder, pictures), { recursive: true });
  await writeFile(join(folder, 'annotations', 'instances_val.json'), textOf());
  for (const { file_name, width, height } of sample.images) {
    const png = await sharp({ create: { width, height, channels: 3, background: '#102030' } })
      .png()
      .toBuffer();
    await writeFile(join(folder, pictures, file_name), png);
  }
  return folder;
}

describe('cocoFolder', () => {
  it.each(['images/val', 'val', 'images'])('finds pictures in %s', async (pictures) => {
    const dataset = await cocoFolder(await folderWith(pictures.replace('/', '-'), pictures), {
      split: 'val',
      masks: true,
    });
    expect(dataset.length).toBe(3);
    const picture = await dataset.read(0);
    expect([picture.width, picture.height, ...picture.data.subarray(0, 3)]).toEqual([60, 40, 0x10, 0x20, 0x30]);
    expect(dataset.objects(0)[0]!.segmentation).toBeDefined();
  });

  it('refuses a folder without annotations or pictures', async () => {
    const folder = await folderWith('bare', 'images');
    await expect(cocoFolder(folder, { split: 'train' })).rejects.toThrow(
      /a folder with annotations\/instances_train.json is required, got .*bare; check the path and the split/,
    );
    await rm(join(folder, 'images'), { recursive: true });
    await expect(cocoFolder(folder, { split: 'val' })).rejects.toThrow(/pictures in .* are required, got none/);
    await writeFile(join(folder, 'annotations', 'instances_val.json'), '{"images": [');
    await mkdir(join(folder, 'val'));
    await expect(cocoFolder(folder, { split: 'val' })).rejects.toThrow(/instances_val.json: JSON must not end here/);
  });

  it('names the picture that is missing', async () => {
    const folder = await folderWith('gap', 'val');
    await rm(join(folder, 'val', 'b.png'));
    await expect((await cocoFolder(folder, { split: 'val' })).read(1)).rejects.toThrow(/b\.png: there is no such file/);
  });
});
