import './gsop-net.ts';

export type { Attend, AttentionSpec } from './attention.ts';
export { backbones, listModels, preprocessing } from './backbone-registry.ts';
export type { BackboneEntry, Preprocessing, Stage } from './backbone-registry.ts';
export { createBackbone, createModel } from './create-model.ts';
export type { BackboneOptions, ModelOptions } from './create-model.ts';
