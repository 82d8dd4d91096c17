import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { CovpoolError } from '@covpool/base';
import { writeFileAtomic } from '@covpool/base/node';
import { duration, table, userPath } from '@covpool/cli';
import { completeConfig } from './complete-config.ts';
import type { CompareChoices, TrainConfig } from './config.ts';
import { type HeadSummary, summariseHeads, summaryTable } from './head-summary.ts';
import { readRunResult } from './run-result.ts';
import { type ComparisonPlan, readPlan, readRuns } from './runs-on-disk.ts';
import { startTraining } from './start-training.ts';
import { timestamp } from './timestamp.ts';
import type { TrainJob } from './train-jobs.ts';
import type { WorkContext } from './train-work.ts';
import { trainingProgress } from './training-progress.ts';
import { writeReport } from './write-report.ts';

/** What `compare` prints for machines. */
export interface ComparisonOutcome {
  folder: string;
  report: string;
  heads: HeadSummary[];
}

/** Trains every head with every seed, or what is missing of it, and reports. */
export async function compare(
  choices: CompareChoices,
  { folder: wanted, earlier }: { folder?: string | undefined; earlier?: EarlierComparison | undefined },
  context: WorkContext,
): Promise<ComparisonOutcome> {
  const begun = performance.now();
  const configs = trainings(choices);
  if (earlier) checkSameChoices(earlier, choices);
  const folder = earlier?.folder ?? wanted ?? userPath(`runs/compare-${timestamp()}`);
  const plan = earlier?.plan ?? (await startPlan(folder, choices, configs));

  const jobs: TrainJob[] = [];
  for (const [i, { head, folder: name, seed }] of plan.runs.entries()) {
    const path = join(folder, name);
    if (await readRunResult(path)) continue;
    const started = existsSync(join(path, 'config.json'));
    const title = choices.seeds > 1 ? `${head} (seed ${seed})` : head;
    jobs.push({ name: title, config: configs[i]!.config, folder: path, resume: started });
  }
  if (plan.runs.length > jobs.length) {
    context.print(`${plan.runs.length - jobs.length} of ${plan.runs.length} trainings are complete already`);
  }
  await startTraining(jobs, trainingProgress(jobs, context));

  const runs = await readRuns(folder);
  const heads = summariseHeads(runs);
  const report = await writeReport(folder, runs, plan.command);
  const { header, rows } = summaryTable(heads);
  context.print(`\n${table(header, rows)}\n`);
  context.print(`report  ${report}`);
  context.print(`took    ${duration((performance.now() - begun) / 1000)}`);
  return { folder, report, heads };
}

/** One training per seed and head; seeds outside, so that an early stop leaves whole comparisons. */
function trainings({ pools, seeds, ...shared }: CompareChoices): { head: string; config: TrainConfig }[] {
  const names = pools.map(({ name }, i) => {
    const earlier = pools.slice(0, i).filter((pool) => pool.name === name).length;
    return earlier === 0 ? name : `${name}-${earlier + 1}`;
  });
  return Array.from({ length: seeds }, (_, k) =>
    pools.map((pool, i) => {
      return { head: names[i]!, config: completeConfig({ ...shared, pool, seed: shared.seed + k }) };
    }),
  ).flat();
}

async function startPlan(
  folder: string,
  choices: CompareChoices,
  configs: { head: string; config: TrainConfig }[],
): Promise<ComparisonPlan> {
  const found = await readdir(folder).catch(() => []);
  if (found.length > 0) {
    throw new CovpoolError(
      'bad-input',
      `compare: a new or empty folder is required, got ${folder} with ${found.length} entries; choose another --out, or --resume`,
    );
  }
  const runs = configs.map(({ head, config: { seed } }) => {
    return { head, seed, folder: choices.seeds > 1 ? `${head}-seed${seed}` : head };
  });
  const plan = { command: commandLine(), choices, runs };
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(join(folder, 'compare.json'), `${JSON.stringify(plan, null, 2)}\n`);
  return plan;
}

/** A comparison that was begun. */
export interface EarlierComparison {
  folder: string;
  plan: ComparisonPlan;
}

/** The comparison in a folder, or the newest one. */
export async function comparisonToResume(wanted: string | undefined): Promise<EarlierComparison> {
  const folder = wanted ?? (await newestComparison());
  const plan = await readPlan(folder);
  if (!plan) throw new CovpoolError('bad-input', `compare: the folder of a comparison is required, got ${folder}`);
  return { folder, plan };
}

/** Half of a comparison under other choices would be no comparison; only the number of threads changes nothing. */
function checkSameChoices({ folder, plan }: EarlierComparison, choices: CompareChoices): void {
  const before = plan.choices as Record<string, unknown>;
  const now = JSON.parse(JSON.stringify(choices)) as Record<string, unknown>;
  for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
    if (key === 'threads' || isDeepStrictEqual(before[key], now[key])) continue;
    throw new CovpoolError(
      'bad-argument',
      `compare: --resume goes on with the choices in ${folder}, where ${key} is ${JSON.stringify(before[key])}, ` +
        `got ${JSON.stringify(now[key])}; leave the option out`,
    );
  }
}

async function newestComparison(): Promise<string> {
  const runs = userPath('runs');
  const found = (await readdir(runs).catch(() => [])).filter((name) => name.startsWith('compare-')).sort();
  const newest = found.at(-1);
  if (newest === undefined) {
    throw new CovpoolError('bad-input', `compare: there is no comparison in ${runs} to resume; leave --resume out`);
  }
  return join(runs, newest);
}

/** How it was called, for whoever reads the report. */
function commandLine(): string {
  return ['classify', ...process.argv.slice(2)].join(' ');
}
