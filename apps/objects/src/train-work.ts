import { CovpoolError } from '@covpool/base';
import type { WorkContext } from '@covpool/cli';
import { checkUnfinished } from '@covpool/cli/training';
import { readCard } from './card.ts';
import type { TrainConfig } from './config.ts';
import { evaluateDetector } from './eval-work.ts';
import { formatScore, mainStats } from './evaluate.ts';
import { readRunResult, type RunResult } from './run-result.ts';
import { startTraining } from './start-training.ts';
import type { Task } from './task.ts';
import { trainingProgress } from './training-progress.ts';

/** What `train` prints for machines. */
export type TrainOutcome = RunResult & { folder: string; report: string };

/** Pictures of the report, and the least score that is drawn on them. */
const DRAWN = 6;
const DRAWN_SCORE = 0.5;

/** Trains into a new folder. */
export async function newRun(
  task: Task,
  config: TrainConfig,
  folder: string,
  context: WorkContext,
): Promise<TrainOutcome> {
  return finishRun(task, config, folder, false, context);
}

/** Goes on with a run where its last checkpoint stands. */
export async function resumeRun(task: Task, folder: string, context: WorkContext): Promise<TrainOutcome> {
  const { training } = await readCard(task, folder);
  if (!training)
    throw new CovpoolError('bad-input', `train: ${folder} must be the folder of a run, got a mere network`);
  await checkUnfinished(folder);
  return finishRun(task, training, folder, true, context);
}

async function finishRun(
  task: Task,
  config: TrainConfig,
  folder: string,
  resume: boolean,
  context: WorkContext,
): Promise<TrainOutcome> {
  await startTraining({ task, config, folder, resume }, trainingProgress(task, config.epochs, context));
  const result = (await readRunResult(folder))!;
  const { report } = await evaluateDetector(
    task,
    {
      run: folder,
      split: 'val',
      engine: config.engine,
      limit: config.limit,
      out: folder,
      pictures: DRAWN,
      score: DRAWN_SCORE,
    },
    context.progress,
  );
  const { AP, AP50 } = mainStats(result.best);
  context.print(`best    epoch ${result.best.epoch}: AP ${formatScore(AP)}, AP50 ${formatScore(AP50)}`);
  context.print(`run     ${folder}`);
  context.print(`report  ${report}`);
  return { ...result, folder, report };
}
