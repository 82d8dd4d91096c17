export { learningFields, maybeNamed, named, runningFields, share, wholeFrom } from './training/config-fields.ts';
export { countParameters, median, runSummary } from './training/run-summary.ts';
export type { RunSummary } from './training/run-summary.ts';
export { checkUnfinished, readRunFile, writeRunFile } from './training/run-files.ts';
export { trainOnThreads } from './training/train-on-threads.ts';
export type { Place } from './training/train-on-threads.ts';
