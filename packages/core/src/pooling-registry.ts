import type { layers } from '@tensorflow/tfjs-layers';
import type { MethodEntry } from './method-entry.ts';
import type { PoolingConfig } from './pooling-layer.ts';
import { poolingOptionNames } from './pooling-layer.ts';
import { checkOptionNames, registry } from './registry.ts';

/** A pooling in the registry. */
export interface PoolingEntry extends MethodEntry {
  /** Makes the layer; options have been checked against `options`. */
  create: (options: PoolingConfig & Record<string, unknown>) => layers.Layer;
  /** Names of the options it has beyond those of every pooling. */
  options: readonly string[];
  /** The descriptor does not grow with the square of the channels, so that backbones put no reduction in front. */
  compact?: true;
}

/** Poolings by the papers' names. Packages register theirs when their `layers` entry is imported. */
export const poolings = registry<PoolingEntry>('pooling', 'pooling');

/** A pooling as data: what a configuration file holds. */
export type PoolingSpec = { name: string } & PoolingConfig & Record<string, unknown>;

/**
 * A pooling layer by name.
 *
 * ```ts
 * pooling('isqrt', { dim: 256, iterations: 5 })
 * ```
 * @throws bad-argument for an unknown name or option, listing those that exist
 */
export function pooling(name: string, options: PoolingConfig & Record<string, unknown> = {}): layers.Layer {
  const entry = poolings.get(name);
  checkOptionNames(`pooling '${name}'`, options, [...poolingOptionNames, ...entry.options]);
  return entry.create(options);
}
