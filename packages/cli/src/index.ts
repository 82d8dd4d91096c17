export { captureProgram } from './capture-program.ts';
export { defineCommand } from './command.ts';
export type { Command, OptionSpecs, OptionValues, Program, WorkContext } from './command.ts';
export { resolveConfig } from './config/resolve-config.ts';
export type { Tree } from './config/tree.ts';
export { doctorCommand } from './doctor-command.ts';
export { duration } from './duration.ts';
export {
  checkNothingElse,
  checkpointOption,
  configOptions,
  engineOption,
  learningOptions,
  optionsAsConfig,
  runningOptions,
  runOptions,
} from './options.ts';
export { userPath } from './paths.ts';
export { PartialFailure } from './partial-failure.ts';
export { runMain } from './run-program.ts';
export { table } from './table.ts';
export { timeLeft } from './time-left.ts';
export { timestamp } from './timestamp.ts';
