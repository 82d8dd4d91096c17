/** One of the vectors that a sum is made of; `index` fixes its place in the order of summation. */
export interface ShardVector {
  index: number;
  /** How many numbers it has. */
  length: number;
  /** Its numbers, in pieces that stand end to end. They are asked for once, one after the other, when there is a place for them. */
  parts: Iterable<Float32Array> | AsyncIterable<Float32Array>;
}

/** Copies a vector to a place of an array. */
export async function copyVector({ parts }: ShardVector, to: Float32Array, at = 0): Promise<void> {
  for await (const part of parts) {
    to.set(part, at);
    at += part.length;
  }
}

/**
 * What data-parallel ranks (threads, or processes under MPI) say to each other. Every rank makes the same calls in the same order.
 * Sums are taken in the order of the shards' indices, so that the number of ranks changes no bit of the result.
 */
export interface Communicator {
  readonly rank: number;
  readonly size: number;
  /**
   * The sum, in shard order, of the vectors of all ranks; `shards` is how many there are over all ranks. It may lie in memory that all
   * ranks share: it is to be read, and lasts until the next call.
   */
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
    const [first, ...others] = [...own].sort((p, q) => p.index - q.index);
    if (!first) return new Float32Array(0);
    const sum = new Float32Array(first.length);
    await copyVector(first, sum);
    for (const { parts } of others) {
      let at = 0;
      for await (const part of parts) for (let i = 0; i < part.length; i++) sum[at++]! += part[i]!;
    }
    return sum;
  },
  async broadcast() {},
  async barrier() {},
};
