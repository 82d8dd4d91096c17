import { type Communicator, copyVector, CovpoolError, type ShardVector } from '@covpool/base';
import { setImmediate } from 'node:timers/promises';

/** The memory that the ranks of one program share. */
export interface SharedState {
  control: SharedArrayBuffer;
  /** One vector per shard, the first of which becomes the sum; grows to what is needed. */
  vectors: SharedArrayBuffer;
}

const ARRIVED = 0;
const GENERATION = 1;
const FAILED = 2;

/** Address space that is reserved for the vectors, not memory that is taken. */
const MOST_BYTES = 2 ** 32 - 2 ** 16;
/** How often a waiting rank looks up from the barrier, in milliseconds. */
const NAP = 2;
const SPINS = 2000;

interface Growable {
  grow: (bytes: number) => void;
}

export function createSharedState(): SharedState {
  const Shared = SharedArrayBuffer as unknown as new (
    bytes: number,
    options: { maxByteLength: number },
  ) => SharedArrayBuffer;
  return { control: new SharedArrayBuffer(12), vectors: new Shared(0, { maxByteLength: MOST_BYTES }) };
}

/**
 * The communicator of threads that share memory. A sum costs one write and one read of each vector and, per rank, its
 * share of the additions: rank r sums the r-th part of the vectors, in the order of the shards.
 */
export class ThreadCommunicator implements Communicator {
  private readonly control: Int32Array;
  private failure: unknown;

  constructor(readonly rank: number, readonly size: number, private readonly state: SharedState) {
    this.control = new Int32Array(state.control);
  }

  /** Makes every rank's waiting end with an error; the cause is known to the ranks of this thread only. */
  fail(cause: unknown): void {
    this.failure ??= cause;
    Atomics.store(this.control, FAILED, 1);
    Atomics.notify(this.control, GENERATION);
  }

  async sumShards(own: ShardVector[], shards: number): Promise<Float32Array> {
    const length = own[0]?.length ?? 0;
    // Whoever comes here has done with the sum before, which these vectors may reach over.
    await this.barrier();
    const vectors = this.view(shards * length);
    for (const vector of own) await copyVector(vector, vectors, vector.index * length);
    await this.barrier();
    const from = Math.floor((length * this.rank) / this.size);
    const to = Math.floor((length * (this.rank + 1)) / this.size);
    const sum = vectors.subarray(0, length);
    for (let shard = 1; shard < shards; shard++) {
      const start = shard * length;
      for (let i = from; i < to; i++) sum[i]! += vectors[start + i]!;
    }
    await this.barrier();
    return sum;
  }

  async broadcast(data: Float32Array): Promise<void> {
    await this.barrier();
    const shared = this.view(data.length);
    if (this.rank === 0) shared.set(data);
    await this.barrier();
    if (this.rank !== 0) data.set(shared);
  }

  async barrier(): Promise<void> {
    const generation = Atomics.load(this.control, GENERATION);
    if (Atomics.add(this.control, ARRIVED, 1) + 1 === this.size) {
      Atomics.store(this.control, ARRIVED, 0);
      Atomics.add(this.control, GENERATION, 1);
      Atomics.notify(this.control, GENERATION);
      return;
    }
    for (let spin = 0; spin < SPINS; spin++) {
      if (Atomics.load(this.control, GENERATION) !== generation) return;
    }
    while (Atomics.load(this.control, GENERATION) === generation) {
      if (Atomics.load(this.control, FAILED) !== 0) throw this.failureError();
      Atomics.wait(this.control, GENERATION, generation, NAP);
      // Lets this thread's timers, signals and messages through while another rank computes.
      if (Atomics.load(this.control, GENERATION) === generation) await setImmediate();
    }
  }

  private failureError(): unknown {
    return this.failure ?? new CovpoolError('interrupted', `rank ${this.rank}: another rank failed; stopping`);
  }

  private view(length: number): Float32Array {
    const { vectors } = this.state;
    const bytes = length * Float32Array.BYTES_PER_ELEMENT;
    if (bytes > MOST_BYTES) {
      throw new CovpoolError(
        'unsupported',
        `threads: the shards' gradients must fit into ${MOST_BYTES} bytes, got ${bytes}; use fewer shards`,
      );
    }
    while (vectors.byteLength < bytes) {
      try {
        (vectors as unknown as Growable).grow(bytes);
      } catch (cause) {
        // Another rank may have grown it further in between.
        if (vectors.byteLength < bytes) throw cause;
      }
    }
    return new Float32Array(vectors, 0, length);
  }
}
