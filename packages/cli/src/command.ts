import type { Progress } from '@covpool/base';

/** One option of a command, `--name value` or `--name`. */
export interface OptionSpec {
  type: 'string' | 'number' | 'boolean';
  summary: string;
  /** What stands for the value in the help: `folder`, `n`. */
  value?: string;
  short?: string;
  /** All that a text may be. */
  choices?: readonly string[];
  /** A number must be whole, and this at least. */
  least?: number;
  /** May be given several times; the values are collected. */
  multiple?: boolean;
  /** The value without the option, in words for the help; the command applies it. */
  fallback?: string;
}

export type OptionSpecs = Record<string, OptionSpec>;

type OptionValue<S extends OptionSpec> = S['type'] extends 'boolean'
  ? boolean
  : S['type'] extends 'number'
  ? number
  : S extends { choices: readonly (infer Choice extends string)[] }
  ? Choice
  : string;

/** The values of the options that were given. */
export type OptionValues<S extends OptionSpecs> = {
  [K in keyof S]?: S[K]['multiple'] extends true ? OptionValue<S[K]>[] : OptionValue<S[K]>;
};

/** What a command gets to run with. */
export interface CommandContext<S extends OptionSpecs = OptionSpecs> {
  options: OptionValues<S>;
  positionals: string[];
  /** Aborted by the first Ctrl-C: save and stop. */
  signal: AbortSignal;
  /** Results for people: a line on stdout; nothing under `--json`. */
  print: (text: string) => void;
  progress: Progress;
  /** Whether `progress` shows a live line, so that lines about every step of a job would only repeat it. */
  live: boolean;
  /** Whether stdout is for a machine. */
  json: boolean;
}

/** What the work of a command needs to show itself and to be stopped. */
export type WorkContext = Pick<CommandContext, 'signal' | 'print' | 'progress' | 'live'>;

/** A verb of a command line. */
export interface Command<S extends OptionSpecs = OptionSpecs> {
  summary: string;
  /** Paragraphs below the summary. */
  description?: string;
  /** What stands after the verb; absent: nothing may. */
  positionals?: { name: string; summary: string };
  options: S;
  examples: { command: string; does: string }[];
  /** What it returns is printed as JSON under `--json`. */
  run: (context: CommandContext<S>) => Promise<unknown>;
}

/** A command line: verbs that are loaded when they are called, so that the others cost no start-up time. */
export interface Program {
  name: string;
  /** How it is called from the repository, for the help. */
  call: string;
  summary: string;
  /** The verb that runs when none is given. */
  defaultVerb: string;
  verbs: Record<string, { summary: string; load: () => Promise<Command> }>;
}

/** Keeps the types of a command's options. */
export function defineCommand<const S extends OptionSpecs>(command: Command<S>): Command {
  return command as unknown as Command;
}

/** The options that every command has. */
export const commonOptions = {
  json: { type: 'boolean', summary: 'print one JSON value on stdout and nothing else; progress goes to stderr' },
  verbose: { type: 'boolean', summary: 'print the stack of an error' },
  help: { type: 'boolean', short: 'h', summary: 'print this' },
} satisfies OptionSpecs;
