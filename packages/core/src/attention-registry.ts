import type { layers } from '@tensorflow/tfjs-layers';
import { registry } from './registry.ts';

/** An attention that a backbone inserts inside its blocks: feature map to feature map of the same shape. */
export interface AttentionEntry {
  create: (options: { name: string } & Record<string, unknown>) => layers.Layer;
  summary: string;
  paper: string;
}

/** In-block attentions by name. */
export const attentions = registry<AttentionEntry>('attention', 'attention');
