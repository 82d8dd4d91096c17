import { CovpoolError } from '@covpool/base';
import type { Tree } from './tree.ts';

/**
 * `a.b=value` as the configuration `{a: {b: value}}`; the value is read as YAML, so that numbers, lists and `true` are
 * what they look like.
 */
export async function parseSet(text: string): Promise<Tree> {
  const [, path, value] = /^([^=\s]+)=(.*)$/s.exec(text) ?? [];
  const keys = path?.split('.') ?? [];
  if (value === undefined || keys.some((key) => key === '' || key === '__proto__')) {
    throw new CovpoolError('bad-argument', `--set must read key=value or a.b=value, got '${text}'`);
  }
  const { parse } = await import('yaml');
  let parsed: unknown;
  try {
    parsed = parse(value);
  } catch {
    parsed = value;
  }
  return keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), parsed) as Tree;
}
