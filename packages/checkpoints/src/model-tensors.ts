import { CovpoolError } from '@covpool/base';
import { modelState, type StateEntry } from '@covpool/core';
import { tensor, tidy, transpose, type Tensor } from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
import type { KeyLayout } from './key-layouts.ts';
import { type KeyMatch, type KeyProblem, matchKeys } from './match-keys.ts';
import { float32Data, type TensorData, toFloat32 } from './tensor-data.ts';

/** A model's weights under PyTorch's names and in PyTorch's layouts, as they go into a file. */
export async function exportState(model: layers.Layer): Promise<Map<string, TensorData>> {
  const tensors = new Map<string, TensorData>();
  for (const { name, variable, toTorch } of modelState(model)) {
    const value = variable.read() as Tensor;
    const turned = toTorch ? transpose(value, toTorch) : value;
    tensors.set(name, float32Data(turned.shape, (await turned.data<'float32'>()).slice()));
    if (turned !== value) turned.dispose();
  }
  return tensors;
}

/** How a checkpoint is taken that does not fit whole. */
export interface ImportOptions {
  /** Takes the weights that fit, such as those of a trunk below a new classifier, and leaves the others as they are. */
  partial?: boolean;
  /** Leaves what only the file has, but wants every weight of the model. */
  surplus?: boolean;
  /** Names of weights beyond those that `matchKeys` knows, such as a detector's in other libraries. */
  layouts?: readonly KeyLayout[];
}

/**
 * Gives a model the weights of a file, whose names may be those of torchvision or of the authors that `matchKeys` knows.
 * Everything is compared first: unless all names and shapes agree, nothing is changed (`partial`: unless some do; `surplus`: unless
 * those of the model do).
 *
 * @returns the comparison; with `partial` or `surplus` its problems say what was left (see `matchTable`)
 * @throws bad-input naming missing, unexpected and misshapen weights
 */
export function importState(
  model: layers.Layer,
  tensors: ReadonlyMap<string, TensorData>,
  { partial = false, surplus = false, layouts }: ImportOptions = {},
): KeyMatch {
  const match = matchKeys(model, tensors, layouts);
  const grave = surplus ? match.problems.filter(({ problem }) => problem !== 'unexpected') : match.problems;
  const unfit = new Set(match.problems.map(({ name }) => name));
  const fitting = modelState(model).filter(({ name }) => !unfit.has(name));
  if (grave.length > 0 && (!partial || fitting.length === 0)) {
    const problems = [
      ...list('missing', names(match, 'missing')),
      ...list('unexpected', names(match, 'unexpected')),
      ...list('of another shape', names(match, 'misshapen')),
    ];
    throw new CovpoolError(
      'bad-input',
      `weights: a checkpoint of this model is required, got one with ${problems.join('; ')}`,
    );
  }
  for (const entry of fitting) assign(entry, match.tensors.get(entry.name)!);
  return match;
}

const names = ({ problems }: KeyMatch, kind: KeyProblem['problem']): string[] =>
  problems
    .filter(({ problem }) => problem === kind)
    .map(({ name, found, expected }) => (kind === 'misshapen' ? `${name} [${found}] for [${expected}]` : name));

const SHOWN = 4;

function list(what: string, items: string[]): string[] {
  if (items.length === 0) return [];
  const more = items.length > SHOWN ? ` and ${items.length - SHOWN} more` : '';
  return [`${items.length} weights ${what} (${items.slice(0, SHOWN).join(', ')}${more})`];
}

function assign(entry: StateEntry, found: TensorData): void {
  const { variable, toTorch } = entry;
  tidy(() => {
    const value = tensor(toFloat32(found), found.shape);
    variable.write(toTorch ? transpose(value, inverse(toTorch)) : value);
  });
}

function inverse(permutation: number[]): number[] {
  const result: number[] = [];
  for (const [to, from] of permutation.entries()) result[from] = to;
  return result;
}
