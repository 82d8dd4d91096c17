export { gsopAttention, GsopAttention } from './gsop-attention.ts';
export type { GsopAttentionConfig, GsopFusion } from './gsop-attention.ts';
export { gsopChannelAttention, GsopChannelAttention } from './gsop-channel-attention.ts';
export type { GsopChannelAttentionConfig } from './gsop-channel-attention.ts';
export { gsopSpatialAttention, GsopSpatialAttention } from './gsop-spatial-attention.ts';
export type { GsopSpatialAttentionConfig } from './gsop-spatial-attention.ts';
