/** One shard of a batch. */
export interface ShardBatch {
  /** Which part of the batch this is. */
  shard: number;
  /** Pictures [n,h,w,c], normalised. */
  images: Float32Array;
  shape: [number, number, number, number];
  labels: Int32Array;
  /** Which samples of the data set they are. */
  indices: Int32Array;
  /** Samples of the whole batch, over all its shards. */
  batchSize: number;
}

/** Where a trainer's batches come from. What a batch holds is a function of (epoch, step), not of who asks. */
export interface BatchSource {
  stepsPerEpoch: number;
  /** The batches of an epoch from step `from` on: of each, cut into `shards` parts, those in `own`, in that order. */
  batches: (epoch: number, options: { from: number; shards: number; own: number[] }) => AsyncIterable<ShardBatch[]>;
}

/** The shards that a rank computes: every `size`-th. */
export function ownShards({ rank, size }: { rank: number; size: number }, shards: number): number[] {
  return Array.from({ length: shards }, (_, shard) => shard).filter((shard) => shard % size === rank);
}
