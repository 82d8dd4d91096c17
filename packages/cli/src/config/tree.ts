/** A configuration, or a part of one, as YAML and JSON hold it. */
export interface Tree {
  [key: string]: unknown;
}

export function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
