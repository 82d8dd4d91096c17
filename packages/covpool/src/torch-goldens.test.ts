import { covariance, crossCovariance, gaussianEmbedding, secondMoment, triuVectorize } from '@covpool/covariance';
import { adaptiveDropRate, channelImportance, dropCov } from '@covpool/dropcov';
import { isqrtCov, newtonSchulzSqrt } from '@covpool/matrix-power';
import { describeEngines, expectClose, tolerance } from '@covpool/testing';
import { add, grads, mul, sum, type Tensor, tidy, transpose } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { fromGolden, type GoldenTensor, goldenNames, readGolden } from './goldens/read-golden.fixture.ts';

/** The inputs in the golden's order, its options, and what it holds constant. */
type Call = (inputs: Tensor[], options: never, constants: Record<string, Tensor>) => Tensor;

interface Entry {
  call: Call;
  /** How many times the engine's tolerance the gradients may be off; why stands beside each entry. */
  gradientFactor?: number;
}

const entry = (call: (...inputs: never[]) => Tensor, more: Omit<Entry, 'call'> = {}): Entry => ({
  call: (inputs, options) => call(...([...inputs, options] as never[])),
  ...more,
});

const functions: Record<string, Entry> = {
  adaptiveDropRate: entry(adaptiveDropRate),
  channelImportance: entry(channelImportance),
  covariance: entry(covariance),
  crossCovariance: entry(crossCovariance),
  dropCov: entry(dropCov),
  gaussianEmbedding: entry(gaussianEmbedding),
  isqrtCov: entry(isqrtCov),
  newtonSchulzSqrt: entry(newtonSchulzSqrt),
  secondMoment: entry(secondMoment),
  triuCovariance: entry((x: Tensor) => triuVectorize(covariance(x))),
};

const fromGoldens = (values: Record<string, GoldenTensor>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fromGolden(value)]));

it('every golden of PyTorch has its function here, and every function its golden', () =>
  expect(Object.keys(functions).sort()).toEqual(goldenNames()));

describeEngines('as PyTorch computes it in float64,', () => {
  describe.each(Object.entries(functions))('%s', (name, { call, gradientFactor = 1 }) => {
    const { symmetric, cases } = readGolden(name);
    it.each(cases)('$label $options', async (golden) => {
      const inputs = fromGoldens(golden.inputs);
      const constants = fromGoldens(golden.constants ?? {});
      const weights = fromGolden(golden.cotangent);
      const f = (changed: Record<string, Tensor>): Tensor =>
        call(Object.values({ ...inputs, ...changed }), golden.options as never, constants);
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
