import './alexnet.ts';
import './gsop-net.ts';
import './mobilenet-v2.ts';
import './preact-resnet.ts';
import './shufflenet-v2.ts';
import './vgg.ts';

export type { Attend, AttentionSpec } from './attention.ts';
export { backbones, listModels, preprocessing } from './backbone-registry.ts';
export type { BackboneEntry, BuildOptions, Preprocessing, Stage } from './backbone-registry.ts';
export { createBackbone, createModel } from './create-model.ts';
export type { BackboneOptions, ModelOptions } from './create-model.ts';
export { describe } from './describe.ts';
export type { DescribeOptions, LayerDescription, ModelDescription } from './describe.ts';
export { traceForward } from './trace-forward.ts';
export type { LayerTrace } from './trace-forward.ts';
export { resnet } from './resnet.ts';
export type { TrunkOptions, TrunkVariant } from './trunk.ts';
export type { ResnetPlan } from './resnet.ts';
