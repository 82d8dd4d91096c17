import { checkArgument } from '@covpool/base';
import type { Dataset } from './dataset.ts';
import { epochOrder } from './epoch-order.ts';
import { prefetched } from './prefetched.ts';
import { createSampleMaker } from './sample-maker.ts';
import type { SampleMaker, SampleRecipe } from './sample-maker.ts';

/** Inputs and labels for one step, or for one shard of it. */
export interface Batch {
  /** float32 `[count, height, width, 3]`. */
  images: Float32Array<ArrayBuffer>;
  shape: [count: number, height: number, width: number, channels: 3];
  labels: Int32Array<ArrayBuffer>;
  /** The samples' indices in the dataset. */
  indices: Int32Array<ArrayBuffer>;
  count: number;
}

/** What one rank computes of a step. */
export interface ShardedBatch {
  /** The batch's place in the epoch. */
  index: number;
  /** Samples of the whole batch, over all shards. */
  count: number;
  /** Into how many shards that have samples the batch is cut: 0 … shards − 1. */
  shards: number;
  /** This rank's part, ascending by shard; empty shards are left out. */
  own: { shard: number; batch: Batch }[];
}

export interface LoaderOptions extends SampleRecipe {
  batchSize: number;
  /** A new order every epoch, a function of (seed, epoch). */
  shuffle?: boolean;
  /** Leave out the last batch of an epoch if it is smaller than the others. */
  dropLast?: boolean;
  /** How many batches are prepared ahead of the one that is being used. */
  prefetch?: number;
}

export interface Loader {
  /** Batches in an epoch. */
  readonly batches: number;
  /** The batches of an epoch, from batch `start` on; they are the same whether an epoch starts at 0 or later. */
  epoch(epoch: number, options?: { start?: number }): AsyncIterableIterator<Batch>;
  /**
   * The same batches cut into `shards` contiguous parts of `ceil(count / shards)` samples (the last may be shorter), of
   * which only those in `own` are made.
   */
  shardedEpoch(
    epoch: number,
    options: { shards: number; own: readonly number[]; start?: number },
  ): AsyncIterableIterator<ShardedBatch>;
  /** Ends what works in the background. */
  close(): Promise<void>;
}

/**
 * Cuts a dataset into batches, epoch by epoch. While one batch is used, the next ones are prepared. A sample's
 * augmentation is a function of (seed, epoch, index) alone: batch size, shards and start change no pixel.
 *
 * Fails with `bad-argument` for options out of range; errors of reading surface at the batch that needs the picture.
 *
 * @example
 * const loader = createLoader(train, { batchSize: 32, shuffle: true, seed: 1, transforms: [{ name: 'horizontal-flip' }] });
 * for await (const { images, labels, shape } of loader.epoch(0)) step(tensor4d(images, shape), labels);
 */
export function createLoader(dataset: Dataset, options: LoaderOptions): Loader {
  return loaderOf(dataset, options, () => createSampleMaker((index) => dataset.read(index), options));
}

/** A loader whose samples someone else makes, who starts once the options are checked; closing the loader closes it. */
export function loaderOf(dataset: Dataset, options: LoaderOptions, startMaker: () => SampleMaker): Loader {
  const { batchSize, shuffle = false, seed = 0, dropLast = false, prefetch = 2 } = options;
  checkWhole('batchSize', batchSize, 1);
  checkWhole('prefetch', prefetch, 0);
  const batches = dropLast ? Math.floor(dataset.length / batchSize) : Math.ceil(dataset.length / batchSize);
  checkArgument(
    batches > 0,
    () =>
      `createLoader: enough samples for one batch are required, got ${dataset.length} for batchSize ${batchSize}` +
      `${dropLast ? ' with dropLast' : ''}; make batches smaller`,
  );

  const maker = startMaker();

  async function load(epoch: number, indices: Uint32Array): Promise<Batch> {
    const { images, width, height } = await maker.make(epoch, [...indices]);
    const labels = Int32Array.from(indices, (index) => dataset.label(index));
    const count = indices.length;
    return { images, shape: [count, height, width, 3], labels, indices: Int32Array.from(indices), count };
  }

  async function loadShards(
    index: number,
    epoch: number,
    samples: Uint32Array,
    shards: number,
    own: readonly number[],
  ) {
    const size = Math.ceil(samples.length / shards);
    const filled = Math.ceil(samples.length / size);
    const part = async (shard: number) => {
      const batch = await load(epoch, samples.subarray(shard * size, (shard + 1) * size));
      return { shard, batch };
    };
    const mine = own.filter((shard) => shard < filled).sort((a, b) => a - b);
    const parts = await Promise.allSettled(mine.map(part));
    const failed = parts.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
    const made = parts.map((result) => (result as PromiseFulfilledResult<{ shard: number; batch: Batch }>).value);
    return { index, count: samples.length, shards: filled, own: made };
  }

  const shardedEpoch: Loader['shardedEpoch'] = (epoch, { shards, own, start = 0 }) => {
    checkWhole('epoch', epoch, 0);
    checkWhole('start', start, 0, batches);
    checkWhole('shards', shards, 1);
    for (const shard of own) checkWhole('own shard', shard, 0, shards - 1);
    checkArgument(
      new Set(own).size === own.length,
      () => `createLoader: every own shard must be named once, got [${own}]`,
    );
    const order = epochOrder(dataset.length, epoch, seed, shuffle);
    return prefetched(start, batches, prefetch, (index) =>
      loadShards(index, epoch, order.subarray(index * batchSize, (index + 1) * batchSize), shards, own),
    );
  };

  return {
    batches,
    shardedEpoch,
    epoch(epoch, { start } = {}) {
      const whole = shardedEpoch(epoch, { shards: 1, own: [0], start });
      return (async function* () {
        for await (const { own } of whole) yield own[0]!.batch;
      })();
    },
    close: () => maker.close(),
  };
}

function checkWhole(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void {
  checkArgument(
    Number.isInteger(value) && value >= least && value <= most,
    () =>
      `createLoader: ${name} must be a whole number from ${least}` +
      `${most === Number.MAX_SAFE_INTEGER ? ' up' : ` to ${most}`}, got ${value}`,
  );
}
