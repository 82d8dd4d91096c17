export { joinRanks, startRanks } from './ranks.ts';
export type { Ranks } from './ranks.ts';
export { RunFolder } from './run-folder.ts';
export type { CheckpointName } from './run-folder.ts';
export { bestLine, trainInFolder } from './train-in-folder.ts';
export type { FolderOutcome, FolderTraining } from './train-in-folder.ts';
