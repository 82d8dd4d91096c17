/** One shard of a batch, whatever it holds. */
export interface Shard {
  /** Which part of the batch this is. */
  shard: number;
  /** Which samples of the data set they are. */
  indices: Int32Array;
  /** Samples of the whole batch, over all its shards. */
  batchSize: number;
}

/** One shard of a batch of labelled pictures. */
export interface ShardBatch extends Shard {
  /** Pictures [n,h,w,c], normalised. */
  images: Float32Array;
  shape: [number, number, number, number];
  labels: Int32Array;
}

/** Where a trainer's batches come from. What a batch holds is a function of (epoch, step), not of who asks. */
export interface BatchSource<B extends Shard = ShardBatch> {
  stepsPerEpoch: number;
  /** The batches of an epoch from step `from` on: of each, cut into `shards` parts, those in `own`, in that order. */
  batches: (epoch: number, options: { from: number; shards: number; own: number[] }) => AsyncIterable<B[]>;
}

/** The shards that a rank computes: every `size`-th. */
export function ownShards({ rank, size }: { rank: number; size: number }, shards: number): number[] {
  return Array.from({ length: shards }, (_, shard) => shard).filter((shard) => shard % size === rank);
}
