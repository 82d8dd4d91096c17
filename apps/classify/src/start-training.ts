import { trainOnThreads } from '@covpool/cli/training';
import { trainJobs, type TrainJob, type TrainPlan, type TrainWatcher } from './train-jobs.ts';

/**
 * Trains one network after the other on the engine that their configurations name, or the fastest, and on as many threads as pay.
 *
 * @param resume the options that go on with them; by default, those of `train`
 * @throws interrupted if the watcher's signal stopped it
 */
export async function startTraining(jobs: TrainJob[], watcher: TrainWatcher, resume?: string): Promise<void> {
  const [first] = jobs;
  if (!first) return;
  await trainOnThreads(first.config, {
    module: new URL('./rank.ts', import.meta.url),
    planAt: (place): TrainPlan => ({ jobs, ...place }),
    resume: resume ?? `--resume ${first.folder}`,
    train: (plan, communicator) => trainJobs(plan, communicator, watcher),
  });
}
