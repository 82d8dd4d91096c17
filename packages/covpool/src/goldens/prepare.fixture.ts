import { float32Data, importState } from '@covpool/checkpoints';
import { modelState, type NamedLayer } from '@covpool/core';
import { type Tensor, transpose } from '@tensorflow/tfjs-core';
import type { GoldenFunction } from './functions.fixture.ts';
import type { LayerFactory } from './layers.fixture.ts';
import { fromGolden, type GoldenCase, type GoldenTensor, goldenValues } from './read-golden.fixture.ts';

/** A golden's call, ready to be made and differentiated here. */
export interface Prepared {
  /** By the golden's names. */
  inputs: Record<string, Tensor>;
  /** With some inputs in place of the golden's. */
  evaluate: (changed: Record<string, Tensor>) => Tensor;
  /** The gradient to an input, in the layout of the golden. */
  laidOut: (name: string, gradient: Tensor) => Tensor;
}

const fromGoldens = (values: Record<string, GoldenTensor>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fromGolden(value)]));

export function prepareFunction({ call }: GoldenFunction, golden: GoldenCase): Prepared {
  const inputs = fromGoldens(golden.inputs);
  const constants = Object.fromEntries(
    Object.entries(golden.constants ?? {}).map(([name, value]) => [name, goldenValues(value)]),
  );
  return {
    inputs,
    evaluate: (changed) => call(Object.values({ ...inputs, ...changed }), golden.options, constants),
    laidOut: (_, gradient) => gradient,
  };
}

/** A layer with the golden's weights, which stand under PyTorch's names and in PyTorch's layouts. */
export function prepareLayer(create: LayerFactory, golden: GoldenCase): Prepared {
  const { training, ...options } = golden.options;
  const { x, ...weights } = { ...golden.inputs, ...golden.constants };
  const layer: NamedLayer = create({ name: 'golden', ...options });
  layer.build(x!.shape);
  importState(
    layer,
    new Map(
      Object.entries(weights).map(([name, weight]) => [
        `golden.${name}`,
        float32Data(weight.shape, goldenValues(weight)),
      ]),
    ),
  );
  const state = new Map(modelState(layer).map((entry) => [entry.name.slice('golden.'.length), entry]));
  const inputs = Object.fromEntries(
    Object.keys(golden.inputs).map((name) => [
      name,
      name === 'x' ? fromGolden(x!) : (state.get(name)!.variable.read() as Tensor),
    ]),
  );
  return {
    inputs,
    // Weights are what the layer holds: to replace them means nothing, to differentiate by them does.
    evaluate: (changed) => layer.apply(changed.x ?? inputs.x!, { training }) as Tensor,
    laidOut(name, gradient) {
      const axes = state.get(name)?.toTorch;
      return axes ? transpose(gradient, axes) : gradient;
    },
  };
}
