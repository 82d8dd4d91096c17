import type { NamedLayer } from '@covpool/core';
import { gsopAttention, gsopChannelAttention, gsopSpatialAttention } from '@covpool/gsop/layers';

export type LayerFactory = (config: { name: string }) => NamedLayer;

/** By the name of the golden file. */
export const goldenLayers: Record<string, LayerFactory> = {
  gsopAttention,
  gsopChannelAttention,
  gsopSpatialAttention,
};
