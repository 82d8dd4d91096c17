import { CovpoolError, didYouMean } from '@covpool/base';
import colours from 'picocolors';
import { type Command, commonOptions, type Program } from './command.ts';
import { exitCodeOf, exitCodes } from './exit-code.ts';
import { commandHelp, programHelp } from './help.ts';
import { withInterrupt } from './interrupt.ts';
import { parseArguments } from './parse-arguments.ts';
import { PartialFailure } from './partial-failure.ts';
import { type ProgressStream, terminalProgress } from './terminal-progress.ts';

/** Where a command line writes. */
export interface Streams {
  stdout: ProgressStream;
  stderr: ProgressStream;
}

/**
 * What a program's `main.ts` consists of: runs the command line of this process and leaves its exit code. A reader of
 * stdout that goes away (`| head`) ends it quietly, and what nobody caught is one line, too.
 */
export async function runMain(program: Program): Promise<void> {
  const argv = process.argv.slice(2);
  process.stdout.on('error', (cause: NodeJS.ErrnoException) => {
    process.exit(cause.code === 'EPIPE' ? exitCodes.done : exitCodes.failure);
  });
  // Before the handlers of libraries: one of TensorFlow.js throws again, which prints its whole source.
  process.prependListener('uncaughtException', (thrown) => {
    process.stderr.write(`${describeError(thrown, argv.includes('--verbose'))}\n`);
    process.exit(exitCodeOf(thrown));
  });
  process.exitCode = await runProgram(program, argv, process);
}

/**
 * Runs a command line and returns its exit code. Every error becomes one line on stderr; its stack shows under
 * `--verbose`. Under `--json` stdout holds one JSON value: the result, or `{error: {code, message}}`.
 */
export async function runProgram(program: Program, argv: string[], streams: Streams): Promise<number> {
  const { stdout, stderr } = streams;
  // Package runners hand over the `--` that separates their own options.
  const given = argv[0] === '--' ? argv.slice(1) : argv;
  const has = (name: string) => given.includes(`--${name}`);
  try {
    if (asksForProgramHelp(given)) {
      stdout.write(`${programHelp(program)}\n`);
      return exitCodes.done;
    }
    const { verb, rest } = splitVerb(program, given);
    const command = await program.verbs[verb]!.load();
    if (rest.includes('--help') || rest.includes('-h')) {
      stdout.write(`${commandHelp(program, verb, command)}\n`);
      return exitCodes.done;
    }
    const result = await runCommand(verb, command, rest, streams);
    if (has('json')) stdout.write(`${JSON.stringify(result, null, 2)}\n`);
    return exitCodes.done;
  } catch (thrown) {
    stderr.write(`${describeError(thrown, has('verbose'))}\n`);
    const value = thrown instanceof PartialFailure ? thrown.result : { error: errorValue(thrown) };
    if (has('json')) stdout.write(`${JSON.stringify(value, null, 2)}\n`);
    return exitCodeOf(thrown);
  }
}

function asksForProgramHelp(argv: string[]): boolean {
  return argv[0] === '--help' || argv[0] === '-h' || argv[0] === 'help';
}

function splitVerb({ verbs, defaultVerb }: Program, argv: string[]): { verb: string; rest: string[] } {
  const [first, ...rest] = argv;
  if (first === undefined || first.startsWith('-')) return { verb: defaultVerb, rest: argv };
  if (Object.hasOwn(verbs, first)) return { verb: first, rest };
  const names = Object.keys(verbs);
  const hint = didYouMean(first, names) || `; known: ${names.join(', ')}`;
  throw new CovpoolError('bad-argument', `unknown verb '${first}'${hint}`);
}

async function runCommand(verb: string, command: Command, argv: string[], streams: Streams): Promise<unknown> {
  const { options, positionals } = parseArguments(verb, argv, { ...command.options, ...commonOptions });
  if (!command.positionals && positionals.length > 0) {
    throw new CovpoolError('bad-argument', `${verb}: unexpected argument '${positionals[0]}'; options start with --`);
  }
  const json = options.json === true;
  const stream = json ? streams.stderr : streams.stdout;
  const progress = terminalProgress(stream);
  const live = stream.isTTY === true;
  const print = (text: string) => {
    if (!json) progress.line(text);
  };
  try {
    return await withInterrupt(
      (signal) => command.run({ options, positionals, signal, print, progress, live, json }),
      () => progress.line('stopping after this step; Ctrl-C again stops at once'),
    );
  } finally {
    progress.end();
  }
}

function errorValue(thrown: unknown): { code: string; message: string } {
  const code = thrown instanceof CovpoolError ? thrown.code : 'failure';
  return { code, message: thrown instanceof Error ? thrown.message : String(thrown) };
}

function describeError(thrown: unknown, verbose: boolean): string {
  const message = errorValue(thrown).message.replaceAll(/\s*\n\s*/g, ' ');
  const head = `${colours.red('error:')} ${message}`;
  if (!verbose || !(thrown instanceof Error)) return head;
  const cause = thrown.cause instanceof Error ? `\ncaused by ${thrown.cause.stack}` : '';
  return `${head}\n${thrown.stack}${cause}`;
}
