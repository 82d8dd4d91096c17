import { trainOnThreads } from '@covpool/cli/training';
import { trainDetector, type TrainJob, type TrainWatcher } from './train-job.ts';

/**
 * Trains on the engine that the configuration names, or the fastest, and on as many threads as pay.
 *
 * @throws interrupted if the watcher's signal stopped it
 */
export async function startTraining(
  request: Pick<TrainJob, 'task' | 'config' | 'folder' | 'resume'>,
  watcher: TrainWatcher,
): Promise<void> {
  await trainOnThreads(request.config, {
    module: new URL('./rank.ts', import.meta.url),
    planAt: (place): TrainJob => ({ ...request, ...place }),
    resume: `--resume ${request.folder}`,
    train: (job, communicator) => trainDetector(job, communicator, watcher),
  });
}
