import { checkArgument, checkPositiveWhole, unknownName } from '@covpool/base';
import { pooling, poolings, type PoolingSpec, type ShapeSpec, withSeed } from '@covpool/core';
import { input, type LayersModel, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { attendBy, type AttentionSpec } from './attention.ts';
import { type BackboneEntry, backbones, type Stage } from './backbone-registry.ts';
import type { TokenFusion } from './class-token-head.ts';
import { linear, withNormalization } from './parts.ts';
import { freeze, lastStage, type TrunkOptions } from './trunk.ts';

export interface BackboneOptions {
  /** Seed of the initial weights: with the layers' names it determines them. */
  seed?: number;
  /** Stride of the last stage; the backbone knows what suits the pooling and the attention. */
  lastStride?: number;
  /** A name of the attention registry, or a name with options: `{name: 'gsop-channel', dim: 128, stages: [1, 2, 3]}`. */
  attention?: string | AttentionSpec;
}

export interface ModelOptions extends BackboneOptions {
  /**
   * A name of the pooling registry, or a name with options: `{name: 'isqrt', dim: 256}`. Unless they hold `dim` or `reduce`, the
   * backbone reduces the channels as published in front of a pooling whose descriptor grows with their square. Absent: what the network had originally.
   */
  pooling?: string | PoolingSpec;
  classes?: number;
  /** How class token and pooled patch tokens meet, in a network with a class token that pools; it knows what suits it. */
  fusion?: TokenFusion;
}

/**
 * A classifier: backbone, pooling, the backbone's classifier; pictures [B,H,W,3] to logits [B,classes]. The spatial size is free. An
 * attention stands in the last block of each stage, between the last normalisation and the residual addition.
 *
 * ```ts
 * const net = createModel('resnet50', { pooling: { name: 'isqrt', dim: 256 }, classes: 1000 });
 * const attending = createModel('resnet50', { attention: { name: 'gsop-channel', stages: [3, 4] } });
 * ```
 * @throws bad-argument for an unknown backbone, pooling, attention or option, listing those that exist
 */
export function createModel(
  name: string,
  { pooling: choice, classes = 1000, fusion, ...trunk }: ModelOptions = {},
): LayersModel {
  checkPositiveWhole('createModel', 'classes', classes);
  const entry = backbones.get(name);
  checkArgument(
    fusion === undefined || entry.head !== undefined,
    () => `createModel: fusion is for networks with a class token, got ${fusion} for ${name}`,
  );
  const spec = poolingSpec(entry, choice ?? entry.defaults?.pooling);
  const secondOrder = isSecondOrder(spec);
  return withSeed(trunk.seed ?? 0, () => {
    const { pictures, stages } = buildTrunk(entry, trunk, secondOrder);
    const last = stages.at(-1)!;
    if (entry.head) {
      const options = { classes, pooling: spec, fusion: fusion ?? entry.defaults?.fusion ?? 'visual' };
      return model({ inputs: pictures, outputs: entry.head(last, options), name });
    }
    const { features } = last;
    const descriptor = spec ? pool(features, spec) : entry.flatten!(features);
    const logits = entry.classify
      ? entry.classify(descriptor, { classes, secondOrder })
      : linear(descriptor, 'fc', classes);
    return model({ inputs: pictures, outputs: logits, name });
  });
}

const isSecondOrder = (spec: PoolingSpec | undefined): boolean => spec !== undefined && spec.name !== 'gap';

/** The pooling with what the backbone puts in front of it; undefined: the backbone's own descriptor. */
function poolingSpec(entry: BackboneEntry, choice: string | PoolingSpec | undefined): PoolingSpec | undefined {
  if (choice === undefined && (entry.flatten || entry.head)) return undefined;
  const spec = typeof choice === 'string' ? { name: choice } : choice ?? { name: 'gap' };
  const { dim, activation } = entry.reduction ?? {};
  const settled = spec.dim !== undefined || spec.reduce !== undefined || dim === undefined;
  return { ...(activation && { activation }), ...(settled || poolings.get(spec.name).compact ? {} : { dim }), ...spec };
}

const pool = (features: SymbolicTensor, { name, ...options }: PoolingSpec): SymbolicTensor =>
  pooling(name, { ...options, name: 'pool' }).apply(features) as SymbolicTensor;

/**
 * A trunk whose outputs are its stages, with what a neck or a head needs to know of each: `c2`, say, is the finest. Weights have the
 * names that they have in the classifier, whose checkpoints it takes (`loadTrunk` of the package checkpoints).
 *
 * ```ts
 * const trunk = createBackbone('resnet50', { variant: 'GCP_M', frozenStages: 1, normalization: 'running' });
 * ```
 * @throws bad-argument for an unknown backbone, a variant that it has not, more frozen stages than it has
 */
export function createBackbone(
  name: string,
  options: BackboneOptions & TrunkOptions = {},
): { model: LayersModel; specs: Record<string, ShapeSpec> } {
  const entry = backbones.get(name);
  const { normalization = 'batch' } = options;
  const known = ['batch', 'running', 'group', 'instance'] as const;
  if (!known.includes(normalization)) throw unknownName('createBackbone', 'normalization', normalization, known);
  return withSeed(options.seed ?? 0, () =>
    withNormalization(normalization === 'running' ? 'batch' : normalization, () => {
      const { pictures, stages } = buildTrunk(entry, { ...options, ...lastStage(name, entry, options) }, false);
      const specs = Object.fromEntries(stages.map(({ spec }, i) => [`c${i + (entry.firstLevel ?? 2)}`, spec]));
      const outputs = stages.map(({ features }) => features);
      const trunk = model({ inputs: pictures, outputs, name });
      freeze(trunk, outputs, options);
      return { model: trunk, specs };
    }),
  );
}

function buildTrunk(
  entry: BackboneEntry,
  { attention = entry.defaults?.attention, lastStride, poolBeforeLast }: BackboneOptions & { poolBeforeLast?: 2 | 3 },
  secondOrderHead: boolean,
): { pictures: SymbolicTensor; stages: Stage[] } {
  checkArgument(
    !entry.fixed || (attention === undefined && lastStride === undefined),
    () =>
      `createModel: transformers have neither attention nor lastStride, got ${attention ? 'attention' : lastStride}`,
  );
  const pictures = input({ shape: [null, null, 3], name: 'pictures' });
  const attend = attendBy(attention, entry.stages);
  const stride = lastStride ?? entry.defaultLastStride(secondOrderHead || attention !== undefined);
  return { pictures, stages: entry.build(pictures, { lastStride: stride, attend, poolBeforeLast }) };
}
