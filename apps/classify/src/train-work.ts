import { headSizes } from '@covpool/checkpoints';
import type { WorkContext } from '@covpool/cli';
import { checkUnfinished } from '@covpool/cli/training';
import { readCard } from './classifier.ts';
import { chosenPool, completeConfig } from './complete-config.ts';
import type { TrainChoices, TrainConfig } from './config.ts';
import { readRunResult, type RunResult } from './run-result.ts';
import { readRuns } from './runs-on-disk.ts';
import { startTraining } from './start-training.ts';
import type { TrainJob } from './train-jobs.ts';
import { trainingProgress } from './training-progress.ts';
import { openWeights } from './weights-source.ts';
import { writeReport } from './write-report.ts';

/** What `train` prints for machines. */
export type TrainOutcome = RunResult & { folder: string; report: string };

/** What tables, charts and folders call a training: its pooling, or both poolings of the hybrid protocol. */
export function headName({ hybrid, ...choices }: Pick<TrainChoices, 'backbone' | 'pool' | 'hybrid'>): string {
  const pool = chosenPool(choices);
  return hybrid ? `${pool.name}+${hybrid.pool.name}` : pool.name;
}

/** Trains into a new folder. */
export async function newRun(choices: TrainChoices, folder: string, context: WorkContext): Promise<TrainOutcome> {
  const config = completeConfig(await withWeightsChannels(choices));
  return finishRun({ name: headName(config), config, folder, resume: false }, context);
}

/** A pooling that leaves its channels open takes those of the weights that the training starts from. */
async function withWeightsChannels(choices: TrainChoices): Promise<TrainChoices> {
  const { weights } = choices;
  const pool = chosenPool(choices);
  if (weights === undefined || pool.name === 'gap' || 'dim' in pool || 'reduce' in pool) return choices;
  const { reduce } = headSizes((await openWeights(weights)).tensors);
  if (!reduce) return choices;
  return { ...choices, pool: { ...pool, ...(reduce.length === 1 ? { dim: reduce[0] } : { reduce }) } };
}

/** Goes on with a run where its last checkpoint stands. */
export async function resumeRun(folder: string, context: WorkContext): Promise<TrainOutcome> {
  const { training } = await readCard(folder);
  const config = training as TrainConfig;
  await checkUnfinished(folder);
  return finishRun({ name: headName(config), config, folder, resume: true }, context);
}

async function finishRun(job: TrainJob, context: WorkContext): Promise<TrainOutcome> {
  await startTraining([job], trainingProgress([job], context));
  const { folder } = job;
  const report = await writeReport(folder, await readRuns(folder), `classify train (${folder}/config.json)`);
  const result = (await readRunResult(folder))!;
  context.print(`run     ${folder}`);
  context.print(`report  ${report}`);
  return { ...result, folder, report };
}
