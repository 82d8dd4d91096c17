import { availableParallelism } from 'node:os';
import { type Communicator, CovpoolError, soloCommunicator } from '@covpool/base';
import { useEngine } from '@covpool/engines';
import { startRanks } from '@covpool/trainers/node';

/** Where a training is computed. */
export interface Place {
  engine: string;
  threads: number;
}

/** Engines that compute on the calling thread, so that more threads make them faster. */
const HOST_ENGINES = ['wasm', 'cpu'];

/**
 * Trains on the engine that a configuration names, or the fastest, and on as many threads as pay.
 *
 * @param module what each of the other threads runs: `joinRanks`, then the same as `train`
 * @param planAt what all of them are given
 * @param train says whether the training is complete
 * @param resume the options that go on with it, for people
 * @throws interrupted if it is not
 */
export async function trainOnThreads<P>(
  config: { engine?: string | undefined; threads?: number | undefined; shards: number },
  {
    module,
    planAt,
    train,
    resume,
  }: {
    module: URL;
    planAt: (place: Place) => P;
    train: (plan: P, communicator: Communicator) => Promise<boolean>;
    resume: string;
  },
): Promise<void> {
  const { name: engine } = await useEngine(config.engine);
  const threads = threadsOf(config, engine);
  const plan = planAt({ engine, threads });
  const ranks = threads > 1 ? startRanks({ size: threads, module, data: plan }) : undefined;
  try {
    const complete = await train(plan, ranks?.communicator ?? soloCommunicator);
    await ranks?.finish();
    if (!complete) throw new CovpoolError('interrupted', `stopped; the last checkpoint is saved, ${resume} goes on`);
  } finally {
    await ranks?.stop();
  }
}

function threadsOf({ threads, shards }: { threads?: number | undefined; shards: number }, engine: string): number {
  if (threads !== undefined && threads > shards) {
    throw new CovpoolError(
      'bad-argument',
      `train: every thread needs a shard, got ${threads} threads for ${shards} shards`,
    );
  }
  return threads ?? (HOST_ENGINES.includes(engine) ? Math.min(availableParallelism(), shards) : 1);
}
