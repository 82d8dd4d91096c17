import { isTree, type Tree } from './tree.ts';

/**
 * One configuration over another: mappings merge key by key, anything else is replaced. A named thing such as
 * `pool: {name: isqrt, dim: 64}` (or `pool: isqrt`, for short) is replaced whole by one of another name, because its options
 * mean nothing to that.
 */
export function mergeConfigs(base: Tree, over: Tree): Tree {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    merged[key] = isTree(value) || isTree(base[key]) ? mergeValues(base[key], value) : value;
  }
  return merged;
}

function mergeValues(base: unknown, over: unknown): unknown {
  const [below, above] = [asMapping(base), asMapping(over)];
  if (!below || !above) return over;
  const renamed = above['name'] !== undefined && below['name'] !== undefined && above['name'] !== below['name'];
  return renamed ? over : mergeConfigs(below, above);
}

function asMapping(value: unknown): Tree | undefined {
  if (typeof value === 'string') return { name: value };
  return isTree(value) ? value : undefined;
}
