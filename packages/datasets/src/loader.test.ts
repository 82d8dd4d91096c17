import { Random } from '@covpool/base';
import { describe, expect, it } from 'vitest';
import { createLoader } from './loader.ts';
import type { Batch, LoaderOptions, ShardedBatch } from './loader.ts';
import { normalize } from './normalize.ts';
import { mapDataset } from './testing.fixture.ts';
import { createTransform } from './transforms.ts';
import type { TransformSpec } from './transforms.ts';

const transforms: TransformSpec[] = [{ name: 'random-resized-crop', size: 6 }, { name: 'horizontal-flip' }];
const options: LoaderOptions = { batchSize: 4, shuffle: true, seed: 11, transforms };

async function all<T>(batches: AsyncIterable<T>): Promise<T[]> {
  const result: T[] = [];
  for await (const batch of batches) result.push(batch);
  return result;
}

const load = (epoch: number, changed: Partial<LoaderOptions> = {}, start?: number) =>
  all(createLoader(mapDataset(10), { ...options, ...changed }).epoch(epoch, { start }));

/** Inputs by sample index. */
function bySample(batches: Batch[]): Map<number, number[]> {
  const inputs = new Map<number, number[]>();
  for (const { images, indices, count } of batches)
    for (let i = 0; i < count; i++) {
      const size = images.length / count;
      inputs.set(indices[i]!, [...images.subarray(i * size, (i + 1) * size)]);
    }
  return inputs;
}

describe('createLoader: values', () => {
  it('gives inputs, shape, labels and indices', async () => {
    const batches = await load(0, { shuffle: false, transforms: [] });
    expect(batches.map(({ shape }) => shape)).toEqual([
      [4, 8, 8, 3],
      [4, 8, 8, 3],
      [2, 8, 8, 3],
    ]);
    expect(batches.map(({ count }) => count)).toEqual([4, 4, 2]);
    expect([...batches[1]!.indices]).toEqual([4, 5, 6, 7]);
    expect([...batches[1]!.labels]).toEqual([1, 2, 0, 1]);
    expect(bySample(batches).get(9)).toEqual([...normalize(await mapDataset(10).read(9))]);
  });

  it('transforms by (seed, epoch, index) and normalises', async () => {
    const rgb = [0.1, 0.2, 0.3] as const;
    const inputs = bySample(await load(2, { mean: rgb, std: rgb }));
    const picture = createTransform(transforms)(await mapDataset(10).read(5), new Random(11, 'augment', 2, 5));
    expect(inputs.get(5)).toEqual([...normalize(picture, rgb, rgb)]);
  });

  it('leaves out the last batch on demand', async () => {
    expect(createLoader(mapDataset(10), { ...options, dropLast: true }).batches).toBe(2);
    expect((await load(0, { dropLast: true })).map(({ count }) => count)).toEqual([4, 4]);
  });
});

describe('createLoader: properties', () => {
  it('gives the same epoch again, and another one next', async () => {
    expect(await load(3)).toEqual(await load(3));
    expect(await load(4)).not.toEqual(await load(3));
  });

  it('changes no sample with the size of batches, the order or what is prepared ahead', async () => {
    const inputs = bySample(await load(1));
    expect(inputs.size).toBe(10);
    expect(bySample(await load(1, { batchSize: 3 }))).toEqual(inputs);
    expect(bySample(await load(1, { shuffle: false }))).toEqual(inputs);
    expect(await load(1, { prefetch: 0 })).toEqual(await load(1, { prefetch: 9 }));
  });

  it.each([0, 1, 2, 3])('starts at batch %s with what would have come there', async (start) => {
    expect(await load(5, {}, start)).toEqual((await load(5)).slice(start));
  });

  it('prepares batches ahead while one is used', async () => {
    const dataset = mapDataset(10);
    const batches = createLoader(dataset, { ...options, batchSize: 2, prefetch: 2 }).epoch(0);
    await batches.next();
    expect(dataset.reads.length).toBe(6);
    await batches.return?.();
  });

  it.each([1, 2, 3, 4, 7])('cuts batches into %s shards that together are the batch', async (shards) => {
    const whole = await load(1);
    const loader = createLoader(mapDataset(10), options);
    const ranks: ShardedBatch[][] = [];
    for (let rank = 0; rank < 2; rank++) {
      const own = Array.from({ length: shards }, (_, i) => i).filter((i) => i % 2 === rank);
      ranks.push(await all(loader.shardedEpoch(1, { shards, own })));
    }
    for (const [index, batch] of whole.entries()) {
      const steps = ranks.map((rank) => rank[index]!);
      const parts = steps.flatMap(({ own }) => own).sort((a, b) => a.shard - b.shard);
      const size = Math.ceil(batch.count / shards);
      for (const step of steps)
        expect([step.index, step.count, step.shards]).toEqual([index, batch.count, Math.ceil(batch.count / size)]);
      expect(parts.map(({ shard }) => shard)).toEqual(Array.from(parts, (_, i) => i));
      expect(parts.slice(0, -1).every((part) => part.batch.count === size)).toBe(true);
      expect(parts.flatMap((part) => [...part.batch.images])).toEqual([...batch.images]);
      expect(parts.flatMap((part) => [...part.batch.labels])).toEqual([...batch.labels]);
    }
  });

  it('reads only what its own shards need', async () => {
    const dataset = mapDataset(10);
    await all(createLoader(dataset, { ...options, shuffle: false }).shardedEpoch(0, { shards: 2, own: [1] }));
    expect(dataset.reads).toEqual([2, 3, 6, 7, 9]);
  });
});

describe('createLoader: rejects', () => {
  const loader = createLoader(mapDataset(10), options);

  it.each<[string, () => unknown, string]>([
    ['batchSize 0', () => createLoader(mapDataset(3), { batchSize: 0 }), 'createLoader: batchSize must be a whole'],
    ['prefetch -1', () => createLoader(mapDataset(3), { batchSize: 1, prefetch: -1 }), 'prefetch must be a whole'],
    ['no data', () => createLoader(mapDataset(0), { batchSize: 1 }), 'got 0 for batchSize 1; make batches smaller'],
    [
      'no full batch',
      () => createLoader(mapDataset(3), { batchSize: 4, dropLast: true }),
      'createLoader: enough samples for one batch are required, got 3 for batchSize 4 with dropLast',
    ],
    [
      'an unknown transform',
      () => createLoader(mapDataset(3), { batchSize: 1, transforms: [{ name: 'x' } as never] }),
      'known: center-crop',
    ],
    ['epoch 0.5', () => loader.epoch(0.5), 'createLoader: epoch must be a whole number from 0 up, got 0.5'],
    [
      'start 4 of 3',
      () => loader.epoch(0, { start: 4 }),
      'createLoader: start must be a whole number from 0 to 3, got 4',
    ],
    ['shards 0', () => loader.shardedEpoch(0, { shards: 0, own: [] }), 'shards must be a whole number from 1 up'],
    [
      'shard 2 of 2',
      () => loader.shardedEpoch(0, { shards: 2, own: [2] }),
      'own shard must be a whole number from 0 to 1',
    ],
    ['a shard twice', () => loader.shardedEpoch(0, { shards: 2, own: [1, 1] }), 'must be named once, got [1,1]'],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(message);
  });

  it('pictures of several sizes in a batch', async () => {
    const mixed = mapDataset(4);
    const dataset = { ...mixed, read: (index: number) => mapDataset(4, index === 2 ? 9 : 8).read(index) };
    await expect(all(createLoader(dataset, { batchSize: 4 }).epoch(0))).rejects.toThrow(
      'createLoader: the pictures of a batch must have one size, got 8x8 and 9x9; add a transform',
    );
  });

  it('a picture that cannot be read, at its batch', async () => {
    const mixed = mapDataset(6);
    const read = async (index: number) => {
      if (index === 3) throw new Error('broken 3');
      return mixed.read(index);
    };
    const batches = createLoader({ ...mixed, read }, { batchSize: 2 }).epoch(0);
    expect((await batches.next()).done).toBe(false);
    await expect(batches.next()).rejects.toThrow('broken 3');
  });
});
