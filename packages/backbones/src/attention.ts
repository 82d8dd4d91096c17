import { checkArgument } from '@covpool/base';
import { attention, attentions } from '@covpool/core';
import type { SymbolicTensor } from '@tensorflow/tfjs-layers';

/** An attention as data: what a configuration file holds. */
export type AttentionSpec = {
  name: string;
  /** Counted from 1: the stages whose last block has it; all by default. */
  stages?: number[];
} & Record<string, unknown>;

/**
 * What a backbone calls at the end of each stage's last block, below the residual addition: `block` is the block's path,
 * `stage` counts from 1.
 */
export type Attend = (features: SymbolicTensor, place: { block: string; stage: number }) => SymbolicTensor;

/**
 * Inserts an attention of the registry. Its layer has the block's path as its name, so that its weights stand beside those of
 * the block. One with the option `strides` gets 2 in the first stage, whose maps are the largest (Gao et al. 2019).
 *
 * @param stages how many the backbone has
 * @throws bad-argument for an unknown attention or option, or a stage that the backbone has not
 */
export function attendBy(choice: string | AttentionSpec | undefined, stages: number): Attend {
  if (choice === undefined) return (features) => features;
  const spec: AttentionSpec = typeof choice === 'string' ? { name: choice } : choice;
  const { name, stages: chosen, ...options } = spec;
  checkArgument(
    chosen === undefined || chosen.every((stage) => Number.isInteger(stage) && stage >= 1 && stage <= stages),
    () => `attention '${name}': stages must be whole numbers from 1 to ${stages}, got [${chosen}]`,
  );
  const strided = attentions.get(name).options.includes('strides');
  return (features, { block, stage }) => {
    if (chosen && !chosen.includes(stage)) return features;
    const strides = strided && stage === 1 ? { strides: 2 } : {};
    return attention(name, { ...strides, ...options, name: block }).apply(features) as SymbolicTensor;
  };
}
