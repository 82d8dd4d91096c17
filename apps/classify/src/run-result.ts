import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CovpoolError } from '@covpool/base';
import { writeFileAtomic } from '@covpool/base/node';
import type { Scores } from './evaluate.ts';
import type { Example } from './examples.ts';

/** What came out of a training, `result.json` in its run folder; the file exists only if the training is complete. */
export interface RunResult {
  /** What tables and charts call it. */
  name: string;
  /** Trained weights, counted by element. */
  parameters: number;
  epochs: number;
  seed: number;
  engine: string;
  threads: number;
  /** On the validation pictures, after the last epoch. */
  last: Scores;
  /** The epoch (from 1) with the best top-1, and that. */
  best: { epoch: number; top1: number };
  /** Median over the epochs. */
  msPerStep: number;
  /** Wall time of the training with its evaluations; of the last call, if it was resumed. */
  seconds: number;
  examples: Example[];
}

export async function writeRunResult(folder: string, result: RunResult): Promise<void> {
  await writeFileAtomic(join(folder, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
}

/** The result of a run folder; nothing if the run is not complete. */
export const readRunResult = (folder: string): Promise<RunResult | undefined> => readJson(join(folder, 'result.json'));

/** Why a training has no result and would have none again, `failure.json` in its run folder. */
export interface FailedRun {
  name: string;
  message: string;
}

export async function writeFailure(folder: string, failure: FailedRun): Promise<void> {
  await writeFileAtomic(join(folder, 'failure.json'), `${JSON.stringify(failure, null, 2)}\n`);
}

/** Why the run in a folder failed; nothing if it did not. */
export const readFailure = (folder: string): Promise<FailedRun | undefined> => readJson(join(folder, 'failure.json'));

async function readJson<T>(path: string): Promise<T | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new CovpoolError('bad-input', `run: ${path} must be JSON; remove it and resume the run`, { cause });
  }
}
