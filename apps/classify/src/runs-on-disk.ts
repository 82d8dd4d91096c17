import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CovpoolError } from '@covpool/base';
import type { PoolingSpec } from '@covpool/core';
import { RunFolder } from '@covpool/trainers/node';
import { type ClassifierCard, readCard } from './classifier.ts';
import type { CompareChoices } from './config.ts';
import { type FailedRun, readFailure, readRunResult, type RunResult } from './run-result.ts';
import type { EpochLine } from './train-jobs.ts';

/** `compare.json` in the folder of a comparison. */
export interface ComparisonPlan {
  /** The command that made it, for people. */
  command: string;
  /** What all its runs share; `seeds` is what was asked for last. */
  choices: Omit<CompareChoices, 'pools'>;
  runs: PlannedRun[];
}

/** One training of a comparison. */
export interface PlannedRun {
  head: string;
  seed: number;
  /** Its run folder, below the comparison's. */
  folder: string;
  pool: PoolingSpec;
}

/** A training that is complete. */
export interface CompleteRun {
  head: string;
  seed: number;
  card: ClassifierCard;
  result: RunResult;
  lines: EpochLine[];
}

/** Where a comparison's plan is. */
export const planFile = (folder: string): string => join(folder, 'compare.json');

export async function readPlan(folder: string): Promise<ComparisonPlan | undefined> {
  const text = await readFile(planFile(folder), 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as ComparisonPlan;
  } catch (cause) {
    throw new CovpoolError('bad-input', `compare: ${planFile(folder)} must be JSON; choose another folder`, { cause });
  }
}

/** The complete runs in a comparison's folder, or the run that the folder is. */
export async function readRuns(folder: string): Promise<CompleteRun[]> {
  const plan = await readPlan(folder);
  if (plan) {
    const runs = await Promise.all(plan.runs.map((run) => readRun(join(folder, run.folder), run.head)));
    return runs.filter((run) => run !== undefined);
  }
  if (!existsSync(join(folder, 'config.json'))) {
    throw new CovpoolError('bad-input', `report: the folder of a run or of a comparison is required, got ${folder}`);
  }
  const run = await readRun(folder);
  return run ? [run] : [];
}

/** The runs of a comparison that came to an end without a result. */
export async function readFailures(folder: string): Promise<FailedRun[]> {
  const plan = await readPlan(folder);
  const found = await Promise.all((plan?.runs ?? []).map((run) => readFailure(join(folder, run.folder))));
  return found.filter((failure) => failure !== undefined);
}

async function readRun(folder: string, head?: string): Promise<CompleteRun | undefined> {
  const result = await readRunResult(folder);
  if (!result) return undefined;
  const lines = (await RunFolder.open(folder).metrics()) as unknown as EpochLine[];
  return { head: head ?? result.name, seed: result.seed, card: await readCard(folder), result, lines };
}
