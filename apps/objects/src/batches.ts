import {
  createDetectionLoader,
  type DetectionDataset,
  type DetectionLoader,
  type DetectionShard,
} from '@covpool/datasets';
import type { BatchSource, Shard } from '@covpool/trainers';
import type { DetectorCard } from './card.ts';
import type { TrainConfig } from './config.ts';

/** One shard of a batch of pictures with objects. */
export type ObjectShard = Shard & DetectionShard;

/** The batches that a training sees. */
export function trainingLoader(
  dataset: DetectionDataset,
  { input }: DetectorCard,
  config: TrainConfig,
): DetectionLoader {
  const { batch: batchSize, flips, scales, jitter, seed } = config;
  return createDetectionLoader(dataset, { ...input, batchSize, flips, scales, jitter, seed, shuffle: true });
}

/** A loader as a trainer wants it. */
export function batchSource(loader: DetectionLoader): BatchSource<ObjectShard> {
  return {
    stepsPerEpoch: loader.batches,
    async *batches(epoch, { from, shards, own }) {
      for await (const { count, own: parts } of loader.epoch(epoch, { shards, own, start: from })) {
        yield parts.map(({ shard, batch }) => ({ ...batch, shard, batchSize: count }));
      }
    },
  };
}
