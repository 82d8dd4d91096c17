import type { layers } from '@tensorflow/tfjs-layers';
import type { MethodEntry } from './method-entry.ts';
import { checkOptionNames, registry } from './registry.ts';

/** An attention that a backbone inserts inside its blocks: feature map to feature map of the same shape. */
export interface AttentionEntry extends MethodEntry {
  /** Makes the layer; options have been checked against `options`. */
  create: (options: { name?: string } & Record<string, unknown>) => layers.Layer;
  /** Names of its options. */
  options: readonly string[];
}

/** In-block attentions by name. Packages register theirs when their `layers` entry is imported. */
export const attentions = registry<AttentionEntry>('attention', 'attention');

/**
 * An attention layer by name.
 * @throws bad-argument for an unknown name or option, listing those that exist
 */
export function attention(name: string, options: { name?: string } & Record<string, unknown> = {}): layers.Layer {
  const entry = attentions.get(name);
  checkOptionNames(`attention '${name}'`, options, ['name', ...entry.options]);
  return entry.create(options);
}
