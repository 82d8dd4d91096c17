import { checkArgument } from '@covpool/base';
import { Linear, pooling, type PoolingSpec, type ShapeSpec, withSeed } from '@covpool/core';
import { input, type LayersModel, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { backbones } from './backbone-registry.ts';

export interface BackboneOptions {
  /** Seed of the initial weights: with the layers' names it determines them. */
  seed?: number;
  /** Stride of the last stage; the backbone knows what suits the pooling. */
  lastStride?: number;
}

export interface ModelOptions extends BackboneOptions {
  /** A name of the pooling registry, or a name with options: `{name: 'isqrt', dim: 256}`. */
  pooling?: string | PoolingSpec;
  classes?: number;
}

const asSpec = (choice: string | PoolingSpec): PoolingSpec => (typeof choice === 'string' ? { name: choice } : choice);

/**
 * A classifier: backbone, pooling, linear layer; pictures [B,H,W,3] to logits [B,classes]. The spatial size is free.
 *
 * ```ts
 * const net = createModel('resnet50', { pooling: { name: 'isqrt', dim: 256 }, classes: 1000 });
 * ```
 * @throws bad-argument for an unknown backbone, pooling or option, listing those that exist
 */
export function createModel(
  name: string,
  { pooling: choice = 'gap', classes = 1000, seed = 0, lastStride }: ModelOptions = {},
): LayersModel {
  checkArgument(
    Number.isInteger(classes) && classes > 0,
    () => `createModel: classes must be a positive whole number, got ${classes}`,
  );
  const { name: poolingName, ...options } = asSpec(choice);
  const entry = backbones.get(name);
  return withSeed(seed, () => {
    const pictures = input({ shape: [null, null, 3], name: 'pictures' });
    const stride = lastStride ?? entry.defaultLastStride(poolingName !== 'gap');
    const features = entry.build(pictures, { lastStride: stride }).at(-1)!.features;
    const descriptor = pooling(poolingName, { ...options, name: 'pool' }).apply(features) as SymbolicTensor;
    const logits = new Linear({ name: 'fc', units: classes }).apply(descriptor) as SymbolicTensor;
    return model({ inputs: pictures, outputs: logits, name });
  });
}

/** A trunk whose outputs are its stages, with what a neck or a head needs to know of each: `c2` is the finest. */
export function createBackbone(
  name: string,
  { seed = 0, lastStride = 2 }: BackboneOptions = {},
): { model: LayersModel; specs: Record<string, ShapeSpec> } {
  const entry = backbones.get(name);
  return withSeed(seed, () => {
    const pictures = input({ shape: [null, null, 3], name: 'pictures' });
    const stages = entry.build(pictures, { lastStride });
    const specs = Object.fromEntries(stages.map(({ spec }, i) => [`c${i + 2}`, spec]));
    return { model: model({ inputs: pictures, outputs: stages.map(({ features }) => features), name }), specs };
  });
}
