import { CovpoolError } from '@covpool/base';
import { importState, type KeyMatch, matchKeys, matchTable } from '@covpool/checkpoints';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { openWeights } from './weights-source.ts';

/** What weights of another network a training starts from. */
export interface StartingWeights {
  from: string;
  match: KeyMatch;
  taken: number;
  /** Of the model. */
  weights: number;
}

/** Parts that a training may replace: pooling and classifier. */
const HEAD = /^(pool|fc|classifier|head)\./;

/**
 * Gives a model that is to be trained what fits of other weights: a trunk, and the head if it is the same. Weights that only the
 * model has, or that have another shape in its head, start anew.
 *
 * @throws bad-input if the trunk has other shapes, or nothing fits
 */
export async function startFromWeights(model: LayersModel, from: string): Promise<StartingWeights> {
  const { tensors } = await openWeights(from);
  const { problems } = matchKeys(model, tensors);
  const odd = problems.find(({ problem, name }) => problem === 'misshapen' && !HEAD.test(name));
  if (odd) {
    const shapes = `'${odd.name}' [${odd.found}] for [${odd.expected}]`;
    throw new CovpoolError(
      'bad-input',
      `train: --weights must be of a ${model.name}, got ${from} with ${shapes}; give the --backbone that it is of`,
    );
  }
  const match = importState(model, tensors, { partial: true });
  const unfit = match.problems.filter(({ problem }) => problem !== 'unexpected').length;
  const weights = model.weights.length;
  return { from, match, taken: weights - unfit, weights };
}

/** What a person is told of them, in lines. */
export function describeStart({ from, match, taken, weights }: StartingWeights): string[] {
  const layout = match.layout ? ` (${match.layout})` : '';
  const lines = [`weights  ${taken} of ${weights} taken from ${from}${layout}`];
  const bias = match.problems.filter(({ problem, name }) => problem === 'misshapen' && name.endsWith('bias')).at(-1);
  if (bias && /^(fc|classifier|head)\./.test(bias.name)) {
    lines.push(`weights  its classifier has ${bias.found} outputs, this one ${bias.expected}: it is replaced`);
  }
  return match.problems.length > 0 ? [...lines, ...matchTable(match).split('\n')] : lines;
}
