import { modelState, type StateEntry } from '@covpool/core';
import type { layers } from '@tensorflow/tfjs-layers';
import { headNames, isConstant, type KeyLayout, keyLayouts } from './key-layouts.ts';
import type { TensorData } from './tensor-data.ts';

/** A weight that only the model has, only the file has, or that has another shape in each. Shapes are PyTorch's. */
export interface KeyProblem {
  problem: 'missing' | 'unexpected' | 'misshapen';
  name: string;
  /** The shape in the file. */
  found?: number[];
  /** The shape in the model. */
  expected?: number[];
}

/** How the tensors of a file and the weights of a model compare. */
export interface KeyMatch {
  /** The tensors under the model's names; those without a place in the model keep their own. */
  tensors: Map<string, TensorData>;
  /** Whose names the file has; empty: those of torchvision. */
  layout: string;
  problems: KeyProblem[];
}

const sameNames: KeyLayout = { name: '', fits: () => true, rename: (name) => name };

/**
 * Finds the model's weight of every tensor of a file. Names are those of torchvision; beyond them the heads (reduction,
 * attention, classifier) of GCP_Optimization, fast-MPN-COV and DropCov are known under all their names, and so are the
 * trunks of fast-MPN-COV, of GCP_Optimization's loss landscapes, of timm and of Swin's authors. Of the layouts that may be meant the
 * one with the fewest problems counts. Passed over is what is no weight: `num_batches_tracked`, `relative_position_index`,
 * `attn_mask`. `layouts` are further ones that a package knows of its models.
 *
 * ```ts
 * const match = matchKeys(model, readTorch(bytes).tensors);
 * if (match.problems.length > 0) console.log(matchTable(match));
 * ```
 */
export function matchKeys(
  model: layers.Layer,
  tensors: ReadonlyMap<string, TensorData>,
  layouts: readonly KeyLayout[] = [],
): KeyMatch {
  const state = modelState(model);
  const names = new Set(tensors.keys());
  return [sameNames, ...keyLayouts, ...layouts]
    .filter(({ fits }) => fits(names))
    .map((layout) => matchBy(layout, state, tensors))
    .reduce((best, match) => (match.problems.length < best.problems.length ? match : best));
}

function matchBy(layout: KeyLayout, state: StateEntry[], tensors: ReadonlyMap<string, TensorData>): KeyMatch {
  const places = new Set(state.map(({ name }) => name));
  const placed = new Map<string, TensorData>();
  const others: [string, TensorData][] = [];
  for (const [name, tensor] of tensors) {
    const renamed = layout.rename(name);
    if (places.has(renamed)) placed.set(renamed, tensor);
    else others.push([name, tensor]);
  }
  for (const [name, tensor] of others) {
    const own = headCandidates(layout.rename(name)).find((place) => places.has(place) && !placed.has(place));
    placed.set(own ?? name, tensor);
  }
  for (const entry of state) {
    const found = placed.get(entry.name);
    const expected = torchShape(entry);
    if (found && coversMap(found.shape, expected)) placed.set(entry.name, { ...found, shape: expected });
  }
  return { tensors: placed, layout: layout.name, problems: compare(state, placed) };
}

/** Whether a convolution that covers its whole map [O,I,kh,kw] stands for a linear layer [O,I·kh·kw]. */
const coversMap = (found: number[], [units, inputs, ...more]: number[]): boolean =>
  found.length === 4 && more.length === 0 && found[0] === units && inputs === found[1]! * found[2]! * found[3]!;

/** The other names of a weight of a head. */
function headCandidates(name: string): string[] {
  for (const prefixes of headNames) {
    const prefix = prefixes.find((start) => name.startsWith(start));
    if (prefix !== undefined) return prefixes.map((other) => other + name.slice(prefix.length));
  }
  return [];
}

function compare(state: StateEntry[], tensors: Map<string, TensorData>): KeyProblem[] {
  const places = new Set(state.map(({ name }) => name));
  const problems = state.flatMap((entry): KeyProblem[] => {
    const { name } = entry;
    const expected = torchShape(entry);
    const found = tensors.get(name)?.shape;
    if (!found) return [{ problem: 'missing', name, expected }];
    return found.join() === expected.join() ? [] : [{ problem: 'misshapen', name, found, expected }];
  });
  for (const [name, { shape }] of tensors) {
    if (!places.has(name) && !isConstant(name)) problems.push({ problem: 'unexpected', name, found: shape });
  }
  return problems;
}

function torchShape({ variable, toTorch }: StateEntry): number[] {
  const shape = variable.shape as number[];
  return toTorch ? toTorch.map((axis) => shape[axis]!) : shape;
}

/** The problems as a table of text: a line each, missing ones first; `-` where there is no such weight. */
export function matchTable({ problems }: Pick<KeyMatch, 'problems'>): string {
  const order = ['missing', 'misshapen', 'unexpected'];
  const shape = (extents: number[] | undefined) => (extents ? `[${extents}]` : '-');
  const rows = [...problems]
    .sort((p, q) => order.indexOf(p.problem) - order.indexOf(q.problem))
    .map(({ problem, name, found, expected }) => [problem, name, shape(found), shape(expected)]);
  const table = [['problem', 'weight', 'file', 'model'], ...rows];
  const widths = table[0]!.map((_, column) => Math.max(...table.map((row) => row[column]!.length)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
