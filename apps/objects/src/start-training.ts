import { availableParallelism } from 'node:os';
import { CovpoolError, soloCommunicator } from '@covpool/base';
import { useEngine } from '@covpool/engines';
import { startRanks } from '@covpool/trainers/node';
import type { TrainConfig } from './config.ts';
import { trainDetector, type TrainJob, type TrainWatcher } from './train-job.ts';

/** Engines that compute on the calling thread, so that more threads make them faster. */
const HOST_ENGINES = ['wasm', 'cpu'];

/**
 * Trains on the engine that a configuration names, or the fastest, and on as many threads as pay.
 *
 * @throws interrupted if the watcher's signal stopped it
 */
export async function startTraining(
  request: Pick<TrainJob, 'task' | 'config' | 'folder' | 'resume'>,
  watcher: TrainWatcher,
): Promise<void> {
  const { name: engine } = await useEngine(request.config.engine as Parameters<typeof useEngine>[0]);
  const threads = threadsOf(request.config, engine);
  const job: TrainJob = { ...request, engine, threads };
  const module = new URL('./rank.ts', import.meta.url);
  const ranks = threads > 1 ? startRanks({ size: threads, module, data: job }) : undefined;
  try {
    const complete = await trainDetector(job, ranks?.communicator ?? soloCommunicator, watcher);
    await ranks?.finish();
    if (!complete) throw new CovpoolError('interrupted', 'stopped; the last checkpoint is saved, --resume goes on');
  } finally {
    await ranks?.stop();
  }
}

function threadsOf({ threads, shards }: TrainConfig, engine: string): number {
  if (threads !== undefined && threads > shards) {
    throw new CovpoolError(
      'bad-argument',
      `train: every thread needs a shard, got ${threads} threads for ${shards} shards`,
    );
  }
  return threads ?? (HOST_ENGINES.includes(engine) ? Math.min(availableParallelism(), shards) : 1);
}
