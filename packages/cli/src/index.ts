export { captureProgram } from './capture-program.ts';
export { defineCommand } from './command.ts';
export type {
  Command,
  CommandContext,
  OptionSpec,
  OptionSpecs,
  OptionValues,
  Program,
  WorkContext,
} from './command.ts';
export { checkConfig, resolveConfig } from './config/resolve-config.ts';
export type { ConfigSources } from './config/resolve-config.ts';
export { doctorCommand } from './doctor-command.ts';
export { duration } from './duration.ts';
export { exitCodes } from './exit-code.ts';
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
export { runMain, runProgram } from './run-program.ts';
export type { Streams } from './run-program.ts';
export { table } from './table.ts';
export { timeLeft } from './time-left.ts';
export { timestamp } from './timestamp.ts';
export { terminalProgress } from './terminal-progress.ts';
