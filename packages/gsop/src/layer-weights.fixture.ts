import { type NamedLayer, type StateEntry } from '@covpool/core';
import { seededValues } from '@covpool/testing';
import { tensor } from '@tensorflow/tfjs-core';
import type { Weights } from './oracle.fixture.ts';

/** A weight's name below its layer. */
export const weightName = (layer: NamedLayer, { name }: StateEntry): string => name.slice(layer.name.length + 1);

/** Gives a built layer's weights seeded values, running variances positive ones, and returns them. */
export function seedWeights(layer: NamedLayer): Weights {
  const weights: Weights = {};
  for (const entry of layer.stateEntries()) {
    const name = weightName(layer, entry);
    const { shape } = entry.variable;
    const size = shape.reduce<number>((product, extent) => product * extent!, 1);
    const drawn = seededValues(size, name).map((value) =>
      name.endsWith('running_var') ? 0.5 + Math.abs(value) : value,
    );
    // As large as its products are many, so that the sigmoids stay in their middle.
    const scale = name.endsWith('.weight') && shape.length > 1 ? 1 / Math.sqrt(size / shape.at(-1)!) : 1;
    weights[name] = drawn.map((value) => Math.fround(scale * value));
    entry.variable.write(tensor(weights[name], shape as number[]));
  }
  return weights;
}
