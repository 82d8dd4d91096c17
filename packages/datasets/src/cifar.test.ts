import { existsSync } from 'node:fs';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { temporaryFolder } from '@covpool/testing/node';
import { describe, expect, it } from 'vitest';
import { cifar } from './cifar.ts';
import { pixel } from './testing.fixture.ts';

const at = temporaryFolder();

/** A record whose pixel (x, y) is red x, green y, blue `mark`. */
function record(labels: number[], mark: number): number[] {
  const places = Array.from({ length: 1024 }, (_, i) => i);
  return [...labels, ...places.map((i) => i % 32), ...places.map((i) => i >> 5), ...places.map(() => mark)];
}

async function folder(files: Record<string, Uint8Array | string>): Promise<string> {
  const path = await mkdtemp(at('set-'));
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  return path;
}

const batch = (...records: number[][]) => Uint8Array.from(records.flat());

describe('cifar: values', () => {
  it('reads CIFAR-10, plain and gzipped batches', async () => {
    const path = await folder({
      'batches.meta.txt': 'airplane\nautomobile\n\n',
      'data_batch_1.bin': batch(record([1], 10), record([0], 11)),
      'data_batch_2.bin.gz': gzipSync(batch(record([1], 12))),
      'test_batch.bin': batch(record([0], 13)),
    });
    const train = await cifar(path);
    expect([train.classes, train.length]).toEqual([['airplane', 'automobile'], 3]);
    expect([0, 1, 2].map((i) => [train.label(i), train.name(i)])).toEqual([
      [1, 'data_batch_1.bin#0'],
      [0, 'data_batch_1.bin#1'],
      [1, 'data_batch_2.bin.gz#0'],
    ]);
    const picture = await train.read(2);
    expect([picture.width, picture.height, pixel(picture, 5, 17)]).toEqual([32, 32, [5, 17, 12]]);
    expect(pixel(await (await cifar(path, { split: 'test' })).read(0), 31, 0)).toEqual([31, 0, 13]);
  });

  it('reads CIFAR-100 with its fine labels', async () => {
    const path = await folder({
      'fine_label_names.txt': 'apple\nbear\nclock\n',
      'coarse_label_names.txt': 'food\nthings\n',
      'train.bin': batch(record([1, 2], 20), record([0, 0], 21)),
      'test.bin': batch(record([1, 1], 22)),
    });
    const train = await cifar(path);
    expect([train.label(0), train.label(1), train.classes[train.label(0)]]).toEqual([2, 0, 'clock']);
    expect(pixel(await train.read(1), 9, 8)).toEqual([9, 8, 21]);
  });

  const small = fileURLToPath(new URL('../../../../shared/data/cifar10-small', import.meta.url));
  it.skipIf(!existsSync(small))(
    'reads the balanced subset (skipped where ../shared/data/cifar10-small is absent)',
    async () => {
      const test = await cifar(small, { split: 'test' });
      const counts = test.classes.map(() => 0);
      for (let i = 0; i < test.length; i++) counts[test.label(i)]!++;
      expect(counts).toEqual(Array(10).fill(200));
      expect(test.classes[3]).toBe('cat');
    },
  );
});

describe('cifar: rejects', () => {
  const names = { 'batches.meta.txt': 'a\nb\n' };
  it.each<[string, Record<string, Uint8Array | string>, string]>([
    [
      'no names',
      { 'data_batch_1.bin': batch(record([0], 1)) },
      'batches.meta.txt or fine_label_names.txt is required, got',
    ],
    ['no batches', names, 'cifar: a file of the train split is required, got none in'],
    [
      'half a record',
      { ...names, 'data_batch_1.bin': batch(record([0], 1)).subarray(9) },
      'records of 3073 bytes is required, got 3064 bytes in',
    ],
    ['an empty file', { ...names, 'data_batch_1.bin': '' }, 'records of 3073 bytes is required, got 0 bytes in'],
    ['text called gzip', { ...names, 'data_batch_1.bin.gz': 'words' }, 'which cannot be read: incorrect header check'],
    [
      'a label without a name',
      { ...names, 'data_batch_1.bin': batch(record([2], 1)) },
      'labels below 2 are required, as batches.meta.txt names that many classes, got 2 in',
    ],
  ])('%s', async (_, files, message) => {
    const error = await cifar(await folder(files)).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ code: 'bad-input' });
    expect((error as Error).message).toContain(message);
  });

  it('a missing folder', async () => {
    await expect(cifar(at('none'))).rejects.toThrow('none, which does not exist; check the path');
  });
});
