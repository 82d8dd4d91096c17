import { preprocessing } from '@covpool/backbones';
import { CovpoolError } from '@covpool/base';
import { headSizes } from '@covpool/checkpoints';
import type { PoolingSpec } from '@covpool/core';
import { type ClassifierCard, FORMAT } from './classifier.ts';
import { inputRecipe } from './input.ts';
import type { Weights } from './weights-source.ts';

/** Which network weights are of, as far as it was said. */
export interface NetworkChoice {
  backbone?: string | undefined;
  pool?: string | undefined;
  dim?: number | undefined;
  attention?: string | undefined;
  /** Side of its input in pixels; absent: the backbone's own. */
  size?: number | undefined;
}

/**
 * The card of weights: what was chosen, or what came with them. What the choice leaves open (channels, classes) the weights say.
 *
 * @param classes names of the outputs; absent: their numbers
 * @returns nothing if there is neither
 */
export function weightsCard(
  who: string,
  { tensors, card }: Weights,
  { backbone, pool, dim, attention, size }: NetworkChoice,
  classes?: readonly string[],
): ClassifierCard | undefined {
  if (backbone === undefined) {
    const lone = Object.entries({ pool, dim, attention }).find(([, value]) => value !== undefined);
    if (lone)
      throw new CovpoolError('bad-argument', `${who}: --${lone[0]} describes a network with --backbone; give it`);
    return card && { ...card, ...(size !== undefined && { input: { ...card.input, ...scaled(card, size) } }) };
  }
  const sizes = headSizes(tensors);
  const recipe = preprocessing(backbone);
  return {
    format: FORMAT,
    backbone,
    ...(pool !== undefined && { pool: poolOf(pool, dim, sizes.reduce) }),
    ...(attention !== undefined && { attention: { name: attention } }),
    classes: [...(classes ?? Array.from({ length: sizes.classes ?? 1000 }, (_, i) => String(i)))],
    input: inputRecipe(recipe, size ?? recipe.inputSize),
  };
}

/** Whether classes have only numbers, because nobody knew their names. */
export const isNumbered = (classes: readonly string[]): boolean => classes.every((name, i) => name === String(i));

const scaled = ({ input }: ClassifierCard, size: number) => ({
  size,
  resize: Math.round((size * input.resize) / input.size),
});

/** First-order pooling keeps all channels; a second-order one those of the weights, or the backbone's own number. */
function poolOf(name: string, dim: number | undefined, reduce: number[] | undefined): PoolingSpec {
  if (dim !== undefined) return { name, dim };
  if (name === 'gap' || reduce === undefined) return { name };
  return reduce.length === 1 ? { name, dim: reduce[0]! } : { name, reduce };
}
