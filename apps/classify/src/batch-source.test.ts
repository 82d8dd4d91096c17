import { createLoader, type Dataset } from '@covpool/datasets';
import { describe, expect, it } from 'vitest';
import { batchSource, dropsLast } from './batch-source.ts';

const dataset = (length: number): Dataset => ({
  classes: ['a', 'b'],
  length,
  label: (index) => index % 2,
  name: String,
  read: async (index) => ({ width: 1, height: 1, data: Uint8Array.of(index, index, index) }),
});

describe('batchSource', () => {
  it.each([
    [13, 4, 2],
    [13, 4, 4],
    [9, 4, 2],
    [12, 5, 3],
    [8, 8, 3],
  ])(
    'gives every shard a sample at every step: %i pictures, batches of %i, %i shards',
    async (length, batch, shards) => {
      const loader = createLoader(dataset(length), { batchSize: batch, dropLast: dropsLast(length, batch, shards) });
      const own = Array.from({ length: shards }, (_, shard) => shard);
      const seen: number[] = [];
      let steps = 0;
      for await (const parts of batchSource(loader).batches(0, { from: 0, shards, own })) {
        steps++;
        expect(parts.map(({ shard }) => shard)).toEqual(own);
        for (const { indices, labels, batchSize } of parts) {
          expect(labels.length).toBeGreaterThan(0);
          expect(batchSize).toBe(parts.reduce((sum, part) => sum + part.labels.length, 0));
          seen.push(...indices);
        }
      }
      expect(steps).toBe(loader.batches);
      expect(seen.length).toBeGreaterThan(length - batch);
      expect(new Set(seen).size).toBe(seen.length);
    },
  );
});

describe('dropsLast', () => {
  it('keeps every last batch that can be cut', () => {
    expect(dropsLast(1764, 32, 2)).toBe(false);
    expect(dropsLast(64, 32, 2)).toBe(false);
    expect(dropsLast(65, 32, 2)).toBe(true);
    // 5 samples in 4 parts of 2 leave the last one empty.
    expect(dropsLast(37, 32, 4)).toBe(true);
  });
});
