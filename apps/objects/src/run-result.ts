import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@covpool/base/node';
import type { Scores } from './evaluate.ts';

/** What came out of a training, `result.json` in its run folder; the file exists only if the training is complete. */
export interface RunResult {
  /** Trained weights, counted by element. */
  parameters: number;
  epochs: number;
  seed: number;
  engine: string;
  threads: number;
  /** The epoch (from 1) with the best AP on the validation pictures, and its scores. */
  best: Scores & { epoch: number };
  /** Median over the epochs. */
  msPerStep: number;
  /** Wall time of the training with its evaluations; of the last call, if it was resumed. */
  seconds: number;
}

export async function writeRunResult(folder: string, result: RunResult): Promise<void> {
  await writeFileAtomic(join(folder, 'result.json'), `${JSON.stringify(result, null, 2)}\n`);
}

/** The result of a run folder; nothing if the run is not complete. */
export async function readRunResult(folder: string): Promise<RunResult | undefined> {
  const text = await readFile(join(folder, 'result.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as RunResult);
}
