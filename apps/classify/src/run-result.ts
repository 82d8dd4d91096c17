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
export async function readRunResult(folder: string): Promise<RunResult | undefined> {
  const path = join(folder, 'result.json');
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as RunResult;
  } catch (cause) {
    throw new CovpoolError('bad-input', `run: ${path} must be JSON; remove it and resume the run`, { cause });
  }
}
