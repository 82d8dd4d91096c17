import type { Loader } from '@covpool/datasets';
import type { BatchSource } from '@covpool/trainers';

/** A loader as a trainer wants it. */
export function batchSource(loader: Loader): BatchSource {
  return {
    stepsPerEpoch: loader.batches,
    async *batches(epoch, { from, shards, own }) {
      for await (const { count, own: parts } of loader.shardedEpoch(epoch, { shards, own, start: from })) {
        yield parts.map(({ shard, batch: { images, shape, labels, indices } }) => {
          return { shard, images, shape, labels, indices, batchSize: count };
        });
      }
    },
  };
}

/**
 * Whether the last batch of an epoch has to be left out, because it is too small to give every shard a sample.
 * With batches of 32 in 2 shards that is the case only if one picture is left over.
 */
export function dropsLast(length: number, batch: number, shards: number): boolean {
  const rest = length % batch;
  return rest > 0 && Math.ceil(rest / Math.ceil(rest / shards)) < shards;
}
