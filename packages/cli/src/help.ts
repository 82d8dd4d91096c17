import colours from 'picocolors';
import { type Command, commonOptions, type OptionSpec, type OptionSpecs, type Program } from './command.ts';

const exitCodeHelp = '0 done · 1 failure · 2 bad input or bad option · 130 interrupted';

/** The help of a whole command line. */
export function programHelp({ name, call, summary, defaultVerb, verbs }: Program): string {
  const rows = Object.entries(verbs).map(([verb, entry]): [string, string] => [
    verb,
    verb === defaultVerb ? `${entry.summary} ${colours.dim('(without a verb)')}` : entry.summary,
  ]);
  return [
    `${colours.bold(name)}: ${summary}`,
    section('Usage', [`${call} [verb] [options]`, `${call} <verb> --help`]),
    section('Verbs', twoColumns(rows)),
    section('Exit codes', [exitCodeHelp]),
  ].join('\n\n');
}

/** The help of one verb. */
export function commandHelp({ call }: Program, verb: string, command: Command): string {
  const { summary, description, positionals, options, examples } = command;
  const usage = [call, verb, positionals?.name, '[options]'].filter(Boolean).join(' ');
  const own = optionRows(options);
  return [
    `${colours.bold(verb)}: ${summary}`,
    ...(description ? [description] : []),
    section('Usage', [usage]),
    ...(positionals ? [section('Arguments', twoColumns([[positionals.name, positionals.summary]]))] : []),
    section('Options', twoColumns([...own, ...optionRows(commonOptions)])),
    section(
      'Examples',
      examples.flatMap((example) => [`${call} ${example.command}`, colours.dim(`    ${example.does}`)]),
    ),
    section('Exit codes', [exitCodeHelp]),
  ].join('\n\n');
}

function section(title: string, lines: string[]): string {
  return [colours.bold(title), ...lines.map((line) => `  ${line}`)].join('\n');
}

function optionRows(options: OptionSpecs): [string, string][] {
  return Object.entries(options).map(([name, option]) => [optionName(name, option), optionSummary(option)]);
}

function optionName(name: string, { short, type, value }: OptionSpec): string {
  const letter = short ? `-${short}, ` : '';
  return `${letter}--${name}${type === 'boolean' ? '' : ` <${value ?? (type === 'number' ? 'n' : 'text')}>`}`;
}

function optionSummary({ summary, fallback, multiple }: OptionSpec): string {
  const repeat = multiple ? ', may be repeated' : '';
  return `${summary}${repeat}${fallback === undefined ? '' : ` ${colours.dim(`(default: ${fallback})`)}`}`;
}

function twoColumns(rows: [string, string][]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `${colours.cyan(left.padEnd(width))}  ${right}`);
}
