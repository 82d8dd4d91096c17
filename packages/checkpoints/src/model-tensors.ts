import { CovpoolError } from '@covpool/base';
import { modelState, type StateEntry } from '@covpool/core';
import { tensor, tidy, transpose, type Tensor } from '@tensorflow/tfjs-core';
import type { layers } from '@tensorflow/tfjs-layers';
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

/**
 * Gives a model the weights of a file. Everything is compared first: unless all names and shapes agree, nothing is changed.
 *
 * @throws bad-input naming missing, unexpected and misshapen weights
 */
export function importState(model: layers.Layer, tensors: Map<string, TensorData>): void {
  const state = modelState(model);
  const names = new Set(state.map(({ name }) => name));
  const problems = [
    ...list(
      'missing',
      state.filter(({ name }) => !tensors.has(name)).map(({ name }) => name),
    ),
    ...list(
      'unexpected',
      [...tensors.keys()].filter((name) => !names.has(name) && !isCounter(name)),
    ),
    ...list(
      'of another shape',
      state.flatMap((entry) => misshapen(entry, tensors.get(entry.name))),
    ),
  ];
  if (problems.length > 0) {
    throw new CovpoolError(
      'bad-input',
      `weights: a checkpoint of this model is required, got one with ${problems.join('; ')}`,
    );
  }
  for (const entry of state) assign(entry, tensors.get(entry.name)!);
}

/** PyTorch's count of batches, which nothing here depends on. */
const isCounter = (name: string): boolean => name.endsWith('.num_batches_tracked');

const SHOWN = 4;

function list(what: string, names: string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return [`${names.length} weights ${what} (${names.slice(0, SHOWN).join(', ')}${more})`];
}

const torchShape = ({ variable, toTorch }: StateEntry): number[] => {
  const shape = variable.shape as number[];
  return toTorch ? toTorch.map((axis) => shape[axis]!) : shape;
};

function misshapen(entry: StateEntry, found: TensorData | undefined): string[] {
  const expected = torchShape(entry);
  if (!found || found.shape.join() === expected.join()) return [];
  return [`${entry.name} [${found.shape}] for [${expected}]`];
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
