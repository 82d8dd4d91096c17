import { type Communicator, CovpoolError } from '@covpool/base';
import { startThread } from '@covpool/base/node';
import { type Worker, workerData } from 'node:worker_threads';
import { createSharedState, type SharedState, ThreadCommunicator } from './thread-communicator.ts';

interface RankData {
  rank: number;
  size: number;
  state: SharedState;
  data: unknown;
}

/** The ranks of a program that were started beside this one. */
export interface Ranks {
  /** Rank 0's. */
  communicator: Communicator;
  /** Returns when every other rank has come to its end; throws the error of the first that failed. */
  finish: () => Promise<void>;
  /** Ends the other ranks at once. */
  stop: () => Promise<void>;
}

/**
 * Starts ranks 1 … size−1 of a program as threads; the caller is rank 0. `module` is run by each of them and calls
 * `joinRanks()` first. A rank that fails makes the waiting of all the others fail with its error.
 */
export function startRanks({ size, module, data }: { size: number; module: URL; data: unknown }): Ranks {
  const state = createSharedState();
  const communicator = new ThreadCommunicator(0, size, state);
  const workers: Worker[] = [];
  const ends: Promise<void>[] = [];
  for (let rank = 1; rank < size; rank++) {
    const worker = startThread(module, { workerData: { rank, size, state, data } satisfies RankData });
    workers.push(worker);
    ends.push(
      new Promise((resolve, reject) => {
        worker.once('error', (cause) => {
          communicator.fail(cause);
          reject(cause);
        });
        worker.once('exit', (code) => {
          const early = new CovpoolError('interrupted', `rank ${rank}: the thread ended (exit code ${code})`);
          communicator.fail(early); // ends a wait that nobody would end any more
          if (code === 0) resolve();
          else reject(early);
        });
      }),
    );
  }
  for (const end of ends) end.catch(() => {}); // reported by finish() or by a barrier
  return {
    communicator,
    async finish() {
      await Promise.all(ends);
    },
    async stop() {
      communicator.fail(new CovpoolError('interrupted', 'the ranks were stopped'));
      await Promise.all(workers.map((worker) => worker.terminate()));
      await Promise.allSettled(ends);
    },
  };
}

/** In a thread that `startRanks` started: this rank's communicator and the data that every rank was given. */
export function joinRanks<T>(): { communicator: Communicator; data: T } {
  const { rank, size, state, data } = workerData as RankData;
  return { communicator: new ThreadCommunicator(rank, size, state), data: data as T };
}
