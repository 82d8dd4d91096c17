import { readRunFile, type RunSummary } from '@covpool/cli/training';
import type { Scores } from './evaluate.ts';
import type { Example } from './examples.ts';

/** What came out of a training, `result.json` in its run folder; the file exists only if the training is complete. */
export interface RunResult extends RunSummary {
  /** What tables and charts call it. */
  name: string;
  /** On the validation pictures, after the last epoch. */
  last: Scores;
  /** The epoch (from 1) with the best top-1, and that. */
  best: { epoch: number; top1: number };
  examples: Example[];
}

/** The result of a run folder; nothing if the run is not complete. */
export const readRunResult = (folder: string) => readRunFile<RunResult>(folder, 'result.json');

/** Why a training has no result and would have none again, `failure.json` in its run folder. */
export interface FailedRun {
  name: string;
  message: string;
}

/** Why the run in a folder failed; nothing if it did not. */
export const readFailure = (folder: string) => readRunFile<FailedRun>(folder, 'failure.json');
