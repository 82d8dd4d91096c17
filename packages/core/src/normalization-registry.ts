import type { layers } from '@tensorflow/tfjs-layers';
import type { MethodEntry } from './method-entry.ts';
import type { LayerConfig } from './named-layer.ts';
import { checkOptionNames, registry } from './registry.ts';

/** A normalisation of symmetric positive semi-definite matrices: [B,d,d] to [B,d,d]. */
export interface NormalizationEntry extends MethodEntry {
  /** Makes the layer; options have been checked against `options`. */
  create: (options: LayerConfig & Record<string, unknown>) => layers.Layer;
  /** Names of its options. */
  options: readonly string[];
  /** Whether it is a square root, exact or approximate: homogeneous of degree 1/2 and equivariant to rotations. */
  squareRoot: boolean;
}

/** Normalisations by name. Packages register theirs when their `layers` entry is imported. */
export const normalizations = registry<NormalizationEntry>('normalization', 'normalization');

/**
 * A normalisation layer by name: what stands between `covarianceMatrix()` and `triu()`.
 * @throws bad-argument for an unknown name or option, listing those that exist
 */
export function normalization(name: string, options: LayerConfig & Record<string, unknown> = {}): layers.Layer {
  const entry = normalizations.get(name);
  checkOptionNames(`normalization '${name}'`, options, ['name', 'inputShape', ...entry.options]);
  return entry.create(options);
}
