import { extname } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { CovpoolError } from '@covpool/base';
import { startThread } from '@covpool/base/node';
import { checkSameSize } from './sample-maker.ts';
import type { SampleMaker, SampleRecipe, Samples } from './sample-maker.ts';
import type { PictureSource } from './picture-source.ts';
import type { WorkerReply, WorkerRequest, WorkerStart } from './worker-protocol.ts';

/** `worker.ts` beside the sources, `worker.js` or `worker.cjs` in the build. */
const workerModule = new URL(`./worker${extname(new URL(import.meta.url).pathname)}`, import.meta.url);

interface Pending {
  resolve(samples: Samples): void;
  reject(error: CovpoolError): void;
}

/** One thread and the requests it owes an answer. It keeps the process alive only while there are some. */
class Member {
  private readonly worker: Worker;
  private readonly pending = new Map<number, Pending>();
  private readonly ended: Promise<void>;
  private nextId = 0;
  private failure: CovpoolError | undefined;

  constructor(source: PictureSource, recipe: SampleRecipe) {
    this.worker = startThread(workerModule, { workerData: { source, recipe } satisfies WorkerStart });
    this.worker.unref();
    this.worker.on('message', (reply: WorkerReply) => this.settle(reply));
    this.worker.on('error', (cause) => {
      const message = `createLoader: a worker thread failed: ${(cause as Error).message}; try workers: 0`;
      this.fail(new CovpoolError('io', message, { cause }));
    });
    this.ended = new Promise((resolve) =>
      this.worker.on('exit', () => {
        this.fail(
          new CovpoolError('io', 'createLoader: a worker thread ended before its work was done; try workers: 0'),
        );
        resolve();
      }),
    );
  }

  make(epoch: number, indices: readonly number[]): Promise<Samples> {
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      this.pending.set(id, { resolve, reject });
      this.worker.ref();
      this.send({ id, epoch, indices });
    });
  }

  async close(): Promise<void> {
    this.failure ??= new CovpoolError('bad-argument', 'createLoader: the loader is closed; make another one');
    this.worker.ref();
    this.send(null);
    await this.ended;
  }

  private send(request: WorkerRequest): void {
    this.worker.postMessage(request);
  }

  private settle(reply: WorkerReply): void {
    const waiting = this.pending.get(reply.id);
    this.pending.delete(reply.id);
    if (this.pending.size === 0) this.worker.unref();
    if ('samples' in reply) waiting?.resolve(reply.samples);
    else waiting?.reject(new CovpoolError(reply.error.code, reply.error.message));
  }

  private fail(error: CovpoolError): void {
    this.failure ??= error;
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }
}

/**
 * Makes samples in `workers` threads. Sample `i` belongs to thread `i % workers` in every epoch, so that each thread caches
 * pictures of its own; the cache limit is divided among them.
 */
export function createWorkerPool(source: PictureSource, recipe: SampleRecipe, workers: number): SampleMaker {
  const share = source.kind === 'files' ? { ...source, cacheBytes: Math.floor(source.cacheBytes / workers) } : source;
  const members = Array.from({ length: workers }, () => new Member(share, recipe));
  return {
    async make(epoch, indices) {
      const tasks = members.map((member, owner) => {
        const places = indices.flatMap((index, place) => (index % workers === owner ? [place] : []));
        return { member, places };
      });
      const busy = tasks.filter(({ places }) => places.length > 0);
      const settled = await Promise.allSettled(
        busy.map(({ member, places }) =>
          member.make(
            epoch,
            places.map((place) => indices[place]!),
          ),
        ),
      );
      const failed = settled.find((result) => result.status === 'rejected');
      if (failed) throw failed.reason;
      const made = settled.map((result) => (result as PromiseFulfilledResult<Samples>).value);
      return gather(
        made,
        busy.map(({ places }) => places),
      );
    },
    async close() {
      await Promise.all(members.map((member) => member.close()));
    },
  };
}

/** Puts what several threads made into the order of the request. */
function gather(made: Samples[], places: number[][]): Samples {
  const { width, height } = made[0]!;
  const size = width * height * 3;
  const images = new Float32Array(size * places.reduce((sum, some) => sum + some.length, 0));
  for (const [i, part] of made.entries()) {
    checkSameSize(made[0]!, part);
    for (const [k, place] of places[i]!.entries())
      images.set(part.images.subarray(k * size, (k + 1) * size), place * size);
  }
  return { images, width, height };
}
