import { expectCovpoolError } from '@covpool/testing';
import { temporaryFolder } from '@covpool/testing/node';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { saveSafetensors } from './safetensors-file.ts';
import { loadShards, saveShards } from './shards-file.ts';
import { float32Data, type TensorData } from './tensor-data.ts';

const at = temporaryFolder({ each: true });
let index: string;
beforeEach(async () => {
  index = at('model.safetensors.index.json');
});

const example = (): Map<string, TensorData> =>
  new Map([
    ['b', float32Data([2], Float32Array.of(1, 2))],
    ['a', float32Data([1], Float32Array.of(3))],
    ['c', float32Data([4], Float32Array.of(4, 5, 6, 7))],
    ['d', float32Data([0], new Float32Array(0))],
  ]);

const comparable = (tensors: Map<string, TensorData>) =>
  [...tensors].map(([name, { dtype, shape, data }]) => [name, dtype, shape, [...data]]);

describe('values', () => {
  it('splits by size, names files as Hugging Face does, and reads the same in the same order', async () => {
    await saveShards(index, example(), { shardBytes: 12, metadata: { epoch: '3' } });
    expect((await readdir(at())).sort()).toEqual([
      'model-00001-of-00002.safetensors',
      'model-00002-of-00002.safetensors',
      'model.safetensors.index.json',
    ]);
    const json = JSON.parse(await readFile(index, 'utf8')) as { metadata: unknown; weight_map: Record<string, string> };
    expect(json.metadata).toEqual({ total_size: 28, epoch: '3' });
    expect(json.weight_map.a).toBe('model-00001-of-00002.safetensors');
    expect(json.weight_map.c).toBe('model-00002-of-00002.safetensors');
    const { tensors, metadata } = await loadShards(index);
    expect(comparable(tensors)).toEqual(comparable(example()));
    expect(metadata).toEqual({ total_size: '28', epoch: '3' });
  });

  it('has one file where all fits, and one per tensor where nothing does', async () => {
    await saveShards(index, example());
    expect(await readdir(at())).toContain('model-00001-of-00001.safetensors');
    await saveShards(index, example(), { shardBytes: 1 });
    expect(comparable((await loadShards(index)).tensors)).toEqual(comparable(example()));
  });
});

describe('saving over an older checkpoint', () => {
  it('leaves that whole until the index changes, and takes its files away then', async () => {
    await saveShards(index, example(), { shardBytes: 12 });
    const old = await readFile(index);
    const kept = await Promise.all(
      (await readdir(at())).map(async (name) => [name, await readFile(at(name))] as const),
    );
    const other = new Map(
      [...example()].map(([name, data]) => [name, { ...data, data: data.data.map((x) => x ^ 64) }]),
    );
    await saveShards(index, other, { shardBytes: 12 });
    expect(comparable((await loadShards(index)).tensors)).toEqual(comparable(other));
    const files = await readdir(at());
    expect(files).toHaveLength(3);
    expect(files.filter((name) => kept.some(([before]) => before === name))).toEqual([basename(index)]);
    // As it is when the second was interrupted before its index had its name.
    for (const [name, bytes] of kept) await writeFile(at(name), bytes);
    await writeFile(index, old);
    expect(comparable((await loadShards(index)).tensors)).toEqual(comparable(example()));
    await saveShards(index, example());
    expect(comparable((await loadShards(index)).tensors)).toEqual(comparable(example()));
  });

  it('leaves files of other names alone', async () => {
    await saveSafetensors(at('mine.safetensors'), example());
    const map = Object.fromEntries([...example().keys()].map((name) => [name, 'mine.safetensors']));
    await writeFile(index, JSON.stringify({ weight_map: map }));
    await saveShards(index, example());
    expect(await readdir(at())).toContain('mine.safetensors');
  });
});

describe('rejects', () => {
  it.each([
    ['{', /JSON is required/],
    ['{}', /a weight_map is required/],
    ['{"weight_map":{"a":"../x.safetensors"}}', /the file of 'a' must lie beside the index/],
    ['{"weight_map":{"a":"passwd"}}', /must lie beside/],
    ['{"weight_map":{"a":1}}', /must lie beside/],
    ['{"weight_map":{"a":"gone.safetensors"}}', /cannot read .*gone/],
  ])('%s', async (text, message) => {
    await writeFile(index, text);
    await expectCovpoolError(() => loadShards(index), 'bad-input', message);
  });

  it('files that lack what the index promises, or have more', async () => {
    const one = at('one.safetensors');
    await saveSafetensors(one, new Map([['a', example().get('a')!]]));
    await writeFile(index, '{"weight_map":{"a":"one.safetensors","b":"one.safetensors"}}');
    await expectCovpoolError(() => loadShards(index), 'bad-input', /'b' must be in one.safetensors, which lacks it/);
    await saveSafetensors(one, example());
    await expectCovpoolError(() => loadShards(index), 'bad-input', /only tensors that the index places here/);
    await expectCovpoolError(() => loadShards(at('no.json')), 'bad-input', /ENOENT/);
  });

  it('paths that no reader would look for', async () => {
    await expectCovpoolError(() => saveShards(at('x.json'), example()), 'bad-argument', /ends in/);
  });
});
