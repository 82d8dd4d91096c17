import { CovpoolError } from '@covpool/base';
import type { CommandContext } from '@covpool/cli';
import { readCard } from './card.ts';
import type { TrainConfig } from './config.ts';
import { evaluateDetector } from './eval-work.ts';
import { formatScore, mainStats } from './evaluate.ts';
import { readRunResult, type RunResult } from './run-result.ts';
import { startTraining } from './start-training.ts';
import type { Task } from './task.ts';
import { trainingProgress } from './training-progress.ts';

type WorkContext = Pick<CommandContext, 'signal' | 'print' | 'progress' | 'live'>;

/** What `train` prints for machines. */
export type TrainOutcome = RunResult & { folder: string; report: string };

/** Pictures of the report, and the least score that is drawn on them. */
const DRAWN = 6;
const DRAWN_SCORE = 0.5;

/** Refuses options beside one that settles everything. */
export function checkNothingElse(options: object): void {
  const others = Object.keys(options).filter((name) => !['resume', 'json', 'verbose', 'help'].includes(name));
  if (others.length === 0) return;
  throw new CovpoolError(
    'bad-argument',
    `train: --resume goes on with the run's own choices and takes no others, got --${others.join(', --')}`,
  );
}

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
  const complete = await readRunResult(folder);
  if (complete) throw new CovpoolError('bad-argument', `train: ${folder} is complete; there is nothing to resume`);
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
