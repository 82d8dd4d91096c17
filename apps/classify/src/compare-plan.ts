import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { CovpoolError } from '@covpool/base';
import { writeFileAtomic } from '@covpool/base/node';
import { userPath } from '@covpool/cli';
import { pooling, type PoolingSpec, poolings } from '@covpool/core';
import './classifier.ts'; // registers the poolings
import { completeConfig } from './complete-config.ts';
import type { CompareChoices, TrainConfig } from './config.ts';
import { type ComparisonPlan, type PlannedRun, planFile, readPlan } from './runs-on-disk.ts';

/** A comparison that was begun. */
export interface EarlierComparison {
  folder: string;
  plan: ComparisonPlan;
}

/** The training of a planned run. */
export function configOf({ seeds: _, dim, ...shared }: ComparisonPlan['choices'], run: PlannedRun): TrainConfig {
  return completeConfig({ ...shared, pool: run.pool, seed: run.seed }, dim);
}

/** Plans a comparison in a new or empty folder. */
export async function startPlan(folder: string, choices: CompareChoices): Promise<ComparisonPlan> {
  const found = await readdir(folder).catch(() => []);
  if (found.length > 0) {
    throw new CovpoolError(
      'bad-input',
      `compare: a new or empty folder is required, got ${folder} with ${found.length} entries; choose another --out, or --resume`,
    );
  }
  const { pools, ...shared } = choices;
  const plan = { command: commandLine(), choices: shared, runs: missingRuns(pools, shared, []) };
  await mkdir(folder, { recursive: true });
  await writePlan(folder, plan);
  return plan;
}

/** Adds to a comparison what it lacks of the wanted heads and seeds; what it has stays. */
export async function extendPlan(
  { folder, plan }: EarlierComparison,
  choices: CompareChoices,
  extend: boolean,
): Promise<ComparisonPlan> {
  checkSameChoices(folder, plan, choices);
  const added = extend ? missingRuns(choices.pools, choices, plan.runs) : [];
  if (added.length === 0) return plan;
  const longer = {
    command: `${plan.command}; ${commandLine()}`,
    choices: { ...plan.choices, seeds: choices.seeds },
    runs: [...plan.runs, ...added],
  };
  await writePlan(folder, longer);
  return longer;
}

const writePlan = (folder: string, plan: ComparisonPlan): Promise<void> =>
  writeFileAtomic(planFile(folder), `${JSON.stringify(plan, null, 2)}\n`);

/** The poolings of a comparison in their order, each once. */
export function poolsOf({ runs }: ComparisonPlan): PoolingSpec[] {
  return [...new Map(runs.map(({ head, pool }) => [head, pool])).values()];
}

/** One run per seed and pooling that is not there yet; seeds outside, so that an early stop leaves whole comparisons. */
export function missingRuns(
  pools: PoolingSpec[],
  { seeds, dim, ...shared }: ComparisonPlan['choices'],
  present: PlannedRun[],
): PlannedRun[] {
  const heads = new Map(present.map(({ head, pool }) => [head, pool]));
  const headOf = (choice: PoolingSpec): string => {
    const { pool } = completeConfig({ ...shared, pool: choice }, dim);
    const known = [...heads].find(([, other]) => isDeepStrictEqual(other, pool));
    if (known) return known[0];
    const { name, ...options } = pool;
    pooling(name, options); // refuses unknown names and options before there is a folder
    const alike = [...heads.values()].filter((other) => other.name === name).length;
    const head = alike === 0 ? name : `${name}-${alike + 1}`;
    heads.set(head, pool);
    return head;
  };
  const wanted = [...new Set(pools.flatMap(everyPool).map(headOf))];
  const runs = Array.from({ length: seeds }, (_, k) => {
    const seed = shared.seed + k;
    return wanted.map((head): PlannedRun => {
      return { head, seed, folder: seeds > 1 ? `${head}-seed${seed}` : head, pool: heads.get(head)! };
    });
  }).flat();
  return runs.filter(({ head, seed }) => !present.some((run) => run.head === head && run.seed === seed));
}

/** `all` is every pooling that is registered, in the order of registration. */
function everyPool(pool: PoolingSpec): PoolingSpec[] {
  return pool.name === 'all' ? poolings.names().map((name) => ({ ...pool, name })) : [pool];
}

/** The comparison in a folder, or the newest one. */
export async function comparisonToResume(wanted: string | undefined): Promise<EarlierComparison> {
  const folder = wanted ?? (await newestComparison());
  const plan = await readPlan(folder);
  if (!plan) throw new CovpoolError('bad-input', `compare: the folder of a comparison is required, got ${folder}`);
  return { folder, plan };
}

/** Half of a comparison under other choices would be no comparison; heads and seeds may be added, threads change nothing. */
function checkSameChoices(folder: string, plan: ComparisonPlan, { pools: _, ...choices }: CompareChoices): void {
  const before = plan.choices as Record<string, unknown>;
  const now = JSON.parse(JSON.stringify(choices)) as Record<string, unknown>;
  for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
    if (['threads', 'seeds'].includes(key) || isDeepStrictEqual(before[key], now[key])) continue;
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
