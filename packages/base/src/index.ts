export { copyVector, soloCommunicator } from './communicator.ts';
export type { Communicator, ShardVector } from './communicator.ts';
export { checkArgument, checkPositiveWhole, CovpoolError, unknownName } from './error.ts';
export type { ErrorCode } from './error.ts';
export { silentProgress } from './progress.ts';
export type { Progress, ProgressState } from './progress.ts';
export { deriveSeed, Random } from './random.ts';
export type { KeyPart } from './random.ts';
export { didYouMean } from './suggest.ts';
