import { describeEngines, expectClose, tolerance } from '@covpool/testing';
import { add, grads, mul, sum, type Tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { goldenFunctions } from './goldens/functions.fixture.ts';
import { fromGolden, type GoldenTensor, goldenNames, readGolden } from './goldens/read-golden.fixture.ts';

const fromGoldens = (values: Record<string, GoldenTensor>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fromGolden(value)]));

it('every golden of PyTorch has its function, and every function its golden', () =>
  expect(Object.keys(goldenFunctions).sort()).toEqual(goldenNames()));

describeEngines('as PyTorch computes it in float64,', () => {
  describe.each(Object.entries(goldenFunctions))('%s', (name, { call, gradientFactor = 1 }) => {
    const { symmetric, cases } = readGolden(name);
    it.each(cases)('$label $options', async (golden) => {
      const inputs = fromGoldens(golden.inputs);
      const constants = fromGoldens(golden.constants ?? {});
      const weights = fromGolden(golden.cotangent);
      const f = (changed: Record<string, Tensor>): Tensor =>
        call(Object.values({ ...inputs, ...changed }), golden.options, constants);
      const values = tidy(() => f({}));
      expect(values.shape).toEqual(golden.outputs.shape);
      await expectClose(values, golden.outputs.values);
      const differentiated = Object.keys(golden.gradients);
      if (differentiated.length === 0) return; // a constant to the gradient
      const gradients = grads((...tensors: Tensor[]) =>
        sum(mul(f(Object.fromEntries(tensors.map((value, index) => [differentiated[index]!, value]))), weights)),
      )(differentiated.map((input) => inputs[input]!));
      for (const [index, input] of differentiated.entries()) {
        const gradient = gradients[index]!;
        const compared = symmetric.includes(input) ? mul(add(gradient, transpose(gradient, [0, 2, 1])), 0.5) : gradient;
        await expectClose(compared, golden.gradients[input]!.values, { relative: gradientFactor * tolerance() });
      }
    });
  });
});
