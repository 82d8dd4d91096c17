import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { CovpoolError } from '@covpool/base';
import { duration, table, timestamp, userPath, type WorkContext } from '@covpool/cli';
import { writeRunFile } from '@covpool/cli/training';
import { configOf, type EarlierComparison, extendPlan, startPlan } from './compare-plan.ts';
import type { CompareChoices } from './config.ts';
import { byAccuracy, type HeadSummary, summariseHeads, summaryTable } from './head-summary.ts';
import { type FailedRun, readFailure, readRunResult } from './run-result.ts';
import { type ComparisonPlan, readFailures, readRuns } from './runs-on-disk.ts';
import { startTraining } from './start-training.ts';
import type { TrainJob } from './train-jobs.ts';
import { trainingProgress } from './training-progress.ts';
import { writeReport } from './write-report.ts';

/** What `compare` prints for machines. */
export interface ComparisonOutcome {
  folder: string;
  report: string;
  /** The most accurate first. */
  heads: HeadSummary[];
  /** Trainings whose numbers ceased to be finite. */
  failures: FailedRun[];
}

/** Where a comparison goes, and what it goes on with. */
export interface ComparisonPlace {
  folder?: string | undefined;
  earlier?: EarlierComparison | undefined;
  /** Whether the choices add heads and seeds to the earlier comparison. */
  extend: boolean;
}

/** Trains every head with every seed, or what is missing of it, and reports. */
export async function compare(
  choices: CompareChoices,
  { folder: wanted, earlier, extend }: ComparisonPlace,
  context: WorkContext,
): Promise<ComparisonOutcome> {
  const begun = performance.now();
  const folder = earlier?.folder ?? wanted ?? userPath(`runs/compare-${timestamp()}`);
  const plan = earlier ? await extendPlan(earlier, choices, extend) : await startPlan(folder, choices);
  const jobs = await openJobs(folder, plan, choices.threads);
  if (plan.runs.length > jobs.length) {
    context.print(`${plan.runs.length - jobs.length} of ${plan.runs.length} trainings are complete already`);
  }
  await trainAll(jobs, context, `--resume --out ${folder}`);

  const runs = await readRuns(folder);
  const failures = await readFailures(folder);
  const report = await writeReport(folder, runs, plan.command, failures);
  const heads = summariseHeads(runs);
  const { header, rows } = summaryTable(heads);
  context.print(`\n${table(header, rows)}\n`);
  for (const { name, message } of failures) context.print(`${name} failed: ${message}`);
  context.print(`report  ${report}`);
  context.print(`took    ${duration((performance.now() - begun) / 1000)}`);
  return { folder, report, heads: byAccuracy(heads), failures };
}

/** The trainings of a plan that have not come to an end. */
async function openJobs(folder: string, { choices, runs }: ComparisonPlan, threads?: number): Promise<TrainJob[]> {
  const seeds = new Set(runs.map(({ seed }) => seed)).size;
  const jobs: TrainJob[] = [];
  for (const run of runs) {
    const path = join(folder, run.folder);
    if ((await readRunResult(path)) || (await readFailure(path))) continue;
    const name = seeds > 1 ? `${run.head} (seed ${run.seed})` : run.head;
    const resume = existsSync(join(path, 'config.json'));
    jobs.push({ name, config: configOf({ ...choices, threads }, run), folder: path, resume });
  }
  return jobs;
}

/** Trains one after the other; one that diverges would diverge again, so that it is noted and the others go on. */
async function trainAll(jobs: TrainJob[], context: WorkContext, resume: string): Promise<void> {
  try {
    await startTraining(jobs, trainingProgress(jobs, context), resume);
  } catch (error) {
    if (!(error instanceof CovpoolError && error.code === 'non-finite')) throw error;
    const results = await Promise.all(jobs.map(({ folder }) => readRunResult(folder)));
    const at = results.findIndex((result) => result === undefined);
    const { name, folder } = jobs[at]!;
    const failure: FailedRun = { name, message: error.message };
    await writeRunFile(folder, 'failure.json', failure);
    context.progress.end();
    context.progress.line(`${name}  failed: ${error.message}`);
    await trainAll(jobs.slice(at + 1), context, resume);
  }
}
