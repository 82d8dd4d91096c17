import { expect, it } from 'vitest';
import { cachePictures } from './picture-cache.ts';
import { mapDataset } from './testing.fixture.ts';

it('reads again only what went over the limit', async () => {
  const dataset = mapDataset(5, 4);
  const read = cachePictures(dataset.read, 3 * 4 * 4 * 3 + 1);
  for (let epoch = 0; epoch < 3; epoch++)
    for (let index = 0; index < 5; index++) expect(await read(index)).toEqual(await mapDataset(5, 4).read(index));
  expect(dataset.reads).toEqual([0, 1, 2, 3, 4, 3, 4, 3, 4]);
});

it('counts a picture once that is asked for twice at a time', async () => {
  const dataset = mapDataset(2, 4);
  const read = cachePictures(dataset.read, 2 * 4 * 4 * 3);
  await Promise.all([read(0), read(0)]);
  await read(1);
  await Promise.all([read(0), read(1)]);
  expect(dataset.reads).toEqual([0, 0, 1]);
});

it('does not keep a failure', async () => {
  let calls = 0;
  const read = cachePictures(async () => {
    if (calls++ === 0) throw new Error('once');
    return mapDataset(1).read(0);
  }, 1e6);
  await expect(read(0)).rejects.toThrow('once');
  expect(await read(0)).toMatchObject({ width: 8 });
});
