/** One of the vectors that a sum is made of; `index` fixes its place in the order of summation. */
export interface ShardVector {
  index: number;
  data: Float32Array;
}

/**
 * What data-parallel ranks (threads, or processes under MPI) say to each other. Every rank makes the same calls in the same order.
 * Sums are taken in the order of the shards' indices, so that the number of ranks changes no bit of the result.
 */
export interface Communicator {
  readonly rank: number;
  readonly size: number;
  /** The sum, in shard order, of the vectors of all ranks; `shards` is how many there are over all ranks. */
  sumShards(own: ShardVector[], shards: number): Promise<Float32Array>;
  /** Copies rank 0's vector into every other rank's vector of the same length. */
  broadcast(data: Float32Array): Promise<void>;
  /** Returns when every rank has called it. */
  barrier(): Promise<void>;
}

/** The communicator of a program that runs alone. */
export const soloCommunicator: Communicator = {
  rank: 0,
  size: 1,
  async sumShards(own) {
    const ordered = [...own].sort((p, q) => p.index - q.index);
    const sum = Float32Array.from(ordered[0]?.data ?? []);
    for (const { data } of ordered.slice(1)) for (let i = 0; i < sum.length; i++) sum[i]! += data[i]!;
    return sum;
  },
  async broadcast() {},
  async barrier() {},
};
