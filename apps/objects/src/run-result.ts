import { readRunFile, type RunSummary } from '@covpool/cli/training';
import type { Scores } from './evaluate.ts';

/** What came out of a training, `result.json` in its run folder; the file exists only if the training is complete. */
export interface RunResult extends RunSummary {
  /** The epoch (from 1) with the best AP on the validation pictures, and its scores. */
  best: Scores & { epoch: number };
}

/** The result of a run folder; nothing if the run is not complete. */
export const readRunResult = (folder: string) => readRunFile<RunResult>(folder, 'result.json');
