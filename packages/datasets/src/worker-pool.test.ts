import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { temporaryFolder } from '@covpool/testing/node';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cifar } from './cifar.ts';
import { readGolden } from './goldens/read-golden.fixture.ts';
import { imageFolder } from './image-folder.ts';
import type { Batch, Loader } from './loader.ts';
import { createLoader } from './node-loader.ts';
import type { NodeLoaderOptions } from './node-loader.ts';
import type { SourceDataset } from './picture-source.ts';

const { cases } = readGolden<{ cases: { name: string; file: string }[] }>('decode');
const options: NodeLoaderOptions = {
  batchSize: 5,
  shuffle: true,
  seed: 2,
  transforms: [{ name: 'random-resized-crop', size: 6 }, { name: 'horizontal-flip' }],
  mean: [0.4, 0.5, 0.6],
};

const at = temporaryFolder();
let folder: string;
beforeAll(async () => {
  folder = at('pictures');
  for (const name of ['a', 'b']) await mkdir(join(folder, name), { recursive: true });
  for (const [i, { name, file }] of cases.slice(0, 13).entries())
    await writeFile(join(folder, i % 2 ? 'a' : 'b', name), Buffer.from(file, 'base64'));
});

const open: Loader[] = [];
afterEach(() => Promise.all(open.splice(0).map((loader) => loader.close())));

function loaderOf(dataset: SourceDataset, changed: Partial<NodeLoaderOptions>): Loader {
  const loader = createLoader(dataset, { ...options, ...changed });
  open.push(loader);
  return loader;
}

async function all(batches: AsyncIterable<Batch>): Promise<Batch[]> {
  const result: Batch[] = [];
  for await (const batch of batches) result.push(batch);
  return result;
}

describe('workers: values', () => {
  it.each([1, 3])('%s make what this thread makes, epoch after epoch', async (workers) => {
    const dataset = await imageFolder(folder);
    const here = loaderOf(dataset, {});
    const there = loaderOf(dataset, { workers });
    for (const epoch of [0, 1]) expect(await all(there.epoch(epoch))).toEqual(await all(here.epoch(epoch)));
  });

  it('read CIFAR from memory that they share', async () => {
    const path = at('cifar');
    await mkdir(path);
    await writeFile(join(path, 'batches.meta.txt'), 'a\nb\n');
    const bytes = Uint8Array.from({ length: 3073 * 6 }, (_, i) => (i % 3073 === 0 ? i % 2 : (i * 7) % 251));
    await writeFile(join(path, 'data_batch_1.bin'), bytes);
    const dataset = await cifar(path);
    const batches = await all(loaderOf(dataset, { workers: 2 }).epoch(0));
    expect(batches).toEqual(await all(loaderOf(dataset, {}).epoch(0)));
  });
});

describe('workers: rejects', () => {
  it('a broken picture as this thread does, and works on', async () => {
    const broken = at('broken');
    for (const name of ['a', 'b']) await mkdir(join(broken, name), { recursive: true });
    const png = Buffer.from(cases[2]!.file, 'base64');
    for (const name of ['a/1.png', 'a/2.png', 'b/3.png']) await writeFile(join(broken, name), png);
    await writeFile(join(broken, 'b/4.png'), png.subarray(0, png.length / 2));
    const dataset = await imageFolder(broken);
    const changed = { batchSize: 3, shuffle: false };
    const failure = (loader: Loader) => all(loader.epoch(0)).catch((error: unknown) => error);
    const here = (await failure(loaderOf(dataset, changed))) as Error;
    expect(here.message).toContain('4.png');
    const loader = loaderOf(dataset, { ...changed, workers: 2 });
    // libvips keeps its words for what is wrong in one place for all threads, where another may wipe them out.
    const uptoReason = here.message.slice(0, here.message.indexOf('4.png') + '4.png'.length);
    const message = expect.stringContaining(uptoReason) as string;
    expect(await failure(loader)).toMatchObject({ name: 'CovpoolError', code: 'bad-input', message });
    expect((await loader.epoch(1).next()).done).toBe(false);
  });

  it('options before a thread is started', async () => {
    const dataset = await imageFolder(folder);
    expect(() => loaderOf(dataset, { workers: 1.5 })).toThrow(
      'createLoader: workers must be a whole number from 0 up, got 1.5',
    );
    expect(() => loaderOf(dataset, { workers: 1, transforms: [{ name: 'x' } as never] })).toThrow('unknown transform');
    expect(() => loaderOf(dataset, { workers: 1, batchSize: 0 })).toThrow('batchSize must be');
  });

  it('work after close', async () => {
    const loader = loaderOf(await imageFolder(folder), { workers: 1 });
    await loader.close();
    await expect(loader.epoch(0).next()).rejects.toThrow('createLoader: the loader is closed; make another one');
  });
});

describe('workers: memory', () => {
  it('close finishes what is under way and is quiet when repeated', async () => {
    const loader = loaderOf(await imageFolder(folder), { workers: 2 });
    const first = loader.epoch(0).next();
    await loader.close();
    expect((await first).done).toBe(false);
    await loader.close();
  });

  it('a program from source ends by itself, closed or not', async () => {
    const script = fileURLToPath(new URL('worker-pool.fixture.ts', import.meta.url));
    const flags = ['--conditions=@covpool/source', '--import', import.meta.resolve('tsx')];
    for (const end of ['close', 'leave']) {
      const { stdout } = await promisify(execFile)(process.execPath, [...flags, script, folder, end], {
        timeout: 30_000,
      });
      expect(stdout).toBe('13 samples\n');
    }
  });
});
