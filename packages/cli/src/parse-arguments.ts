import { parseArgs } from 'node:util';
import { CovpoolError, didYouMean } from '@covpool/base';
import type { OptionSpec, OptionSpecs, OptionValues } from './command.ts';

interface Parsed<S extends OptionSpecs> {
  options: OptionValues<S>;
  positionals: string[];
}

interface Token {
  rawName: string;
  value: string | undefined;
  inlineValue: boolean | undefined;
}

type Value = string | number | boolean;

/**
 * Reads `--name value`, `--name=value`, `--no-name` and `-n`. Anything that is not in `specs` is refused with the nearest
 * name, and so are missing values, numbers that are none, and a second value of an option that has one.
 */
export function parseArguments<S extends OptionSpecs>(who: string, argv: string[], specs: S): Parsed<S> {
  const config = Object.fromEntries(
    Object.entries(specs).map(([name, { type, short }]) => [
      name,
      { type: type === 'boolean' ? type : ('string' as const), multiple: true, ...(short ? { short } : {}) },
    ]),
  );
  const { tokens } = parseArgs({
    args: argv,
    options: config,
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const options: Record<string, Value | Value[]> = {};
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const negated = token.name.startsWith('no-') && !Object.hasOwn(specs, token.name);
    const name = negated ? token.name.slice('no-'.length) : token.name;
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (!spec || (negated && spec.type !== 'boolean')) throw unknownOption(who, token.rawName, specs);
    const value = spec.type === 'boolean' ? flag(who, token, negated) : readValue(who, name, spec, token);
    if (spec.multiple) options[name] = [...((options[name] as Value[] | undefined) ?? []), value];
    else if (name in options) throw new CovpoolError('bad-argument', `${who}: --${name} is given more than once`);
    else options[name] = value;
  }
  return { options: options as OptionValues<S>, positionals };
}

function unknownOption(who: string, rawName: string, specs: OptionSpecs): CovpoolError {
  const known = Object.keys(specs).map((name) => `--${name}`);
  const hint = didYouMean(rawName, known) || '; --help lists what exists';
  return new CovpoolError('bad-argument', `${who}: unknown option '${rawName}'${hint}`);
}

function flag(who: string, token: Token, negated: boolean): boolean {
  if (token.value !== undefined) {
    throw new CovpoolError('bad-argument', `${who}: ${token.rawName} takes no value, got '${token.value}'`);
  }
  return !negated;
}

function readValue(who: string, name: string, spec: OptionSpec, { value: text, inlineValue }: Token): string | number {
  const swallowed = !inlineValue && spec.type === 'string' && text?.startsWith('-');
  if (text === undefined || text === '' || swallowed) {
    throw new CovpoolError('bad-argument', `${who}: --${name} needs a value (${spec.value ?? spec.type})`);
  }
  const problem = (rule: string, got: string) =>
    new CovpoolError('bad-argument', `${who}: --${name} must be ${rule}, got ${got}`);
  if (spec.type === 'string') {
    if (spec.choices && !spec.choices.includes(text)) throw problem(spec.choices.join(' or '), `'${text}'`);
    return text;
  }
  const value = Number(text);
  if (text.trim() === '' || Number.isNaN(value)) throw problem('a number', `'${text}'`);
  const { least } = spec;
  if (least !== undefined && !(Number.isInteger(value) && value >= least)) {
    throw problem(`a whole number from ${least}`, String(value));
  }
  return value;
}
