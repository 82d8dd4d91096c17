import { checkArgument, unknownName } from '@covpool/base';
import { BatchNorm } from '@covpool/core';
import type { layers, LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers';
import type { BackboneEntry } from './backbone-registry.ts';

/**
 * What becomes of the stride of the last stage under a detector, which needs it: `GAP`, the network as it was published; `GCP_D`, a
 * network whose last stage was trained without its stride for second-order pooling has it back; `GCP_M`, that stage stays
 * without, and max-pooling of stride 2 stands before it, behind the output of the stage before.
 */
export type TrunkVariant = 'GAP' | 'GCP_D' | 'GCP_M';

const variants: readonly TrunkVariant[] = ['GAP', 'GCP_D', 'GCP_M'];

export interface TrunkOptions {
  /** Residual networks alone have variants other than `GAP`, which is the default. Weights are the same in all three. */
  variant?: TrunkVariant;
  /** The max-pooling of `GCP_M`: 3, padded by 1 as in the stem, by default. */
  poolKernel?: 2 | 3;
  /** This many stages, and the stem below them, are not trained and keep their statistics; 0 by default. */
  frozenStages?: number;
  /**
   * `batch`, the default; `running`: batch normalisation with the running statistics in training too, for trained weights and batches
   * of a picture or two; `group`: group normalisation in its place, which has no running statistics; `instance`: instance normalisation, for
   * pictures that differ much in brightness.
   */
  normalization?: 'batch' | 'running' | 'group' | 'instance';
}

/** Stride of the last stage and what is before it. */
export function lastStage(
  name: string,
  entry: BackboneEntry,
  { variant, poolKernel = 3 }: TrunkOptions,
): { lastStride?: number; poolBeforeLast?: 2 | 3 } {
  if (variant === undefined) return {};
  if (!variants.includes(variant)) throw unknownName('createBackbone', 'variant', variant, variants);
  checkArgument(
    variant === 'GAP' || entry.hasVariants === true,
    () => `createBackbone: the variant ${variant} is for residual networks, got ${name}`,
  );
  checkArgument(
    poolKernel === 2 || poolKernel === 3,
    () => `createBackbone: poolKernel must be 2 or 3, got ${poolKernel}`,
  );
  if (variant === 'GCP_M') return { lastStride: 1, poolBeforeLast: poolKernel };
  return entry.hasVariants ? { lastStride: 2 } : {};
}

/** Fixes statistics and weights of a trunk as the options say. */
export function freeze(
  model: LayersModel,
  stages: SymbolicTensor[],
  { frozenStages = 0, normalization }: TrunkOptions,
) {
  checkArgument(
    Number.isInteger(frozenStages) && frozenStages >= 0 && frozenStages <= stages.length,
    () => `createBackbone: frozenStages must be a whole number from 0 to ${stages.length}, got ${frozenStages}`,
  );
  const frozen = frozenStages === 0 ? new Set<layers.Layer>() : upTo(stages[frozenStages - 1]!.sourceLayer);
  for (const layer of frozen) layer.trainable = false;
  for (const layer of model.layers) {
    if (layer instanceof BatchNorm && (normalization === 'running' || frozen.has(layer)))
      layer.useStatistics('running');
  }
}

/** The layer and all that it depends on. */
function upTo(layer: layers.Layer): Set<layers.Layer> {
  const found = new Set<layers.Layer>();
  const open = [layer];
  for (let next = open.pop(); next; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...next.inboundNodes[0]!.inboundLayers);
  }
  return found;
}
