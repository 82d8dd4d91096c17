import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CovpoolError } from '@covpool/base';
import { isTree, type Tree } from './tree.ts';

/** A configuration with a name for error messages. */
export interface ConfigLayer {
  source: string;
  values: Tree;
}

/**
 * Reads a YAML or JSON file and what it `extends` (one path or several, relative to the file); what is extended comes
 * first.
 *
 * @throws bad-input for a file that cannot be read or parsed, or that extends itself
 */
export async function readConfigFile(path: string, above: string[] = []): Promise<ConfigLayer[]> {
  if (above.includes(path)) {
    const ring = [...above.slice(above.indexOf(path)), path].join(' → ');
    throw new CovpoolError('bad-input', `config: a file must not extend itself, got ${ring}; remove one 'extends'`);
  }
  const { extends: parents = [], ...values } = parseMapping(path, await readText(path), await import('yaml'));
  const paths: unknown[] = Array.isArray(parents) ? parents : [parents];
  const layers: ConfigLayer[] = [];
  for (const parent of paths) {
    if (typeof parent !== 'string') {
      throw new CovpoolError('bad-input', `config: ${path}: extends must be a path or a list of paths`);
    }
    layers.push(...(await readConfigFile(resolve(dirname(path), parent), [...above, path])));
  }
  return [...layers, { source: path, values }];
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const why = missing ? 'there is no such file' : (cause as Error).message;
    throw new CovpoolError('bad-input', `config: cannot read ${path}: ${why}`, { cause });
  }
}

function parseMapping(path: string, text: string, { parse }: typeof import('yaml')): Tree {
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    const [reason] = (cause as Error).message.split('\n');
    throw new CovpoolError('bad-input', `config: ${path} is neither YAML nor JSON: ${reason}`, { cause });
  }
  if (value === null) return {};
  if (!isTree(value)) throw new CovpoolError('bad-input', `config: ${path} must hold keys with values`);
  return value;
}
