import { CovpoolError, didYouMean } from '@covpool/base';
import type { core, ZodType } from 'zod';
import { mergeConfigs } from './merge.ts';
import { parseSet } from './parse-set.ts';
import { type ConfigLayer, readConfigFile } from './read-config-file.ts';
import { isTree, type Tree } from './tree.ts';

/** Where a configuration comes from, the weakest first; the schema's own defaults are weaker still. */
export interface ConfigSources {
  /** What this verb starts from. */
  base?: Tree;
  /** An absolute path. */
  file?: string | undefined;
  /** Options of the command line; those that are undefined were not given. */
  options?: Tree;
  /** `--set a.b=value` */
  sets?: string[] | undefined;
}

/**
 * The configuration that the sources make together, checked by a schema.
 *
 * @throws bad-input in one line that names the file (or option) and the key
 */
export async function resolveConfig<T>(schema: ZodType<T>, sources: ConfigSources): Promise<T> {
  const { base = {}, file, sets = [], options = {} } = sources;
  // The schema's defaults are a layer too, so that `--set pool.dim=8` changes the default pool and does not replace it.
  const defaults = schema.safeParse({});
  const layers: ConfigLayer[] = [
    { source: 'defaults', values: defaults.success && isTree(defaults.data) ? defaults.data : {} },
    { source: 'defaults', values: base },
    ...(file === undefined ? [] : await readConfigFile(file)),
    { source: 'options', values: withoutUndefined(options) },
    // Above the options, so that `--pool cov --set pool.dim=8` sets an option of the pooling that was chosen.
    ...(await Promise.all(sets.map(async (text) => ({ source: `--set ${text}`, values: await parseSet(text) })))),
  ];
  return checkConfig(schema, layers.map(({ values }) => values).reduce(mergeConfigs), (path) => sourceOf(layers, path));
}

/** Checks one value by a schema; `source` names where a key came from. */
function checkConfig<T>(schema: ZodType<T>, value: unknown, source: (path: PropertyKey[]) => string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys as [string];
    const known = keysAt(schema, issue.path);
    const path = [...issue.path, key];
    const hint = didYouMean(key, known);
    throw new CovpoolError(
      'bad-input',
      `config: ${source(path)}: unknown key '${path.join('.')}'${hint}; known: ${known.join(', ')}`,
    );
  }
  const at = issue.path.join('.');
  throw new CovpoolError('bad-input', `config: ${source(issue.path)}: ${at ? `${at}: ` : ''}${describe(issue, value)}`);
}

function describe(issue: core.$ZodIssue, value: unknown): string {
  const got = issue.path.reduce<unknown>((part, key) => (part as Tree | undefined)?.[key as string], value);
  return `${issue.message}, got ${JSON.stringify(got) ?? 'nothing'}`;
}

/** The strongest layer that sets the path or, failing that, the nearest thing above it. */
function sourceOf(layers: ConfigLayer[], path: PropertyKey[]): string {
  for (let length = path.length; length > 0; length--) {
    const found = layers.toReversed().find(({ values }) => holds(values, path.slice(0, length)));
    if (found) return found.source;
  }
  return layers.at(-1)!.source;
}

function holds(values: unknown, [key, ...rest]: PropertyKey[]): boolean {
  if (key === undefined) return true;
  return isTree(values) && Object.hasOwn(values, key) && holds(values[key as string], rest);
}

function withoutUndefined(tree: Tree): Tree {
  return Object.fromEntries(
    Object.entries(tree)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, isTree(value) ? withoutUndefined(value) : value]),
  );
}

interface SchemaInside {
  def: { innerType?: SchemaInside; options?: SchemaInside[]; in?: SchemaInside; out?: SchemaInside };
  shape?: Record<string, SchemaInside>;
}

/** The keys that an object schema has at a path, through defaults, options and unions. */
function keysAt(schema: ZodType, path: PropertyKey[]): string[] {
  const objects = (node: SchemaInside): SchemaInside[] => {
    if (node.shape) return [node];
    const { innerType, options = [], in: input, out } = node.def;
    return [innerType, input, out, ...options].flatMap((inner) => (inner ? objects(inner) : []));
  };
  const found = path.reduce<SchemaInside[]>(
    (nodes, key) => nodes.flatMap((node) => objects(node)).flatMap((node) => node.shape?.[key as string] ?? []),
    [schema as unknown as SchemaInside],
  );
  return [...new Set(found.flatMap(objects).flatMap((node) => Object.keys(node.shape!)))];
}
