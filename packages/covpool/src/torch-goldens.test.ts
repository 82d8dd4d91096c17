import { describeEngines, expectClose } from '@covpool/testing';
import { add, grads, mul, sum, type Tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { goldenFunctions } from './goldens/functions.fixture.ts';
import { goldenLayers } from './goldens/layers.fixture.ts';
import { type Prepared, prepareFunction, prepareLayer } from './goldens/prepare.fixture.ts';
import { fromGolden, type GoldenCase, goldenNames, goldenValues, readGolden } from './goldens/read-golden.fixture.ts';

const symmetrised = (a: Tensor): Tensor => mul(add(a, transpose(a, [0, 2, 1])), 0.5);

function likePyTorch(name: string, prepare: (golden: GoldenCase) => Prepared): void {
  const { symmetric, cases } = readGolden(name);
  it.each(cases)('$label $options', async (golden) => {
    const { inputs, evaluate, laidOut } = prepare(golden);
    const weights = fromGolden(golden.cotangent);
    const values = tidy(() => evaluate({}));
    expect(values.shape).toEqual(golden.outputs.shape);
    await expectClose(values, goldenValues(golden.outputs));
    const names = Object.keys(golden.gradients);
    if (names.length === 0) return; // a constant to the gradient
    const gradients = grads((...tensors: Tensor[]) =>
      sum(mul(evaluate(Object.fromEntries(tensors.map((value, index) => [names[index]!, value]))), weights)),
    )(names.map((input) => inputs[input]!));
    for (const [index, input] of names.entries()) {
      const gradient = laidOut(input, gradients[index]!);
      await expectClose(
        symmetric.includes(input) ? symmetrised(gradient) : gradient,
        goldenValues(golden.gradients[input]!),
      );
    }
  });
}

it('every golden of PyTorch has its function or layer, and each of these its golden', () =>
  expect([...Object.keys(goldenFunctions), ...Object.keys(goldenLayers)].sort()).toEqual(goldenNames()));

describeEngines('as PyTorch computes it in float64,', () => {
  describe.each(Object.entries(goldenFunctions))('%s', (name, entry) => {
    likePyTorch(name, (golden) => prepareFunction(entry, golden));
  });

  describe.each(Object.entries(goldenLayers))('%s', (name, create) => {
    likePyTorch(name, (golden) => prepareLayer(create, golden));
  });
});
