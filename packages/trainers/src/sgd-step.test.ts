import { describeEngines, expectClose, expectNoLeak, seededTensor, seededValues } from '@covpool/testing';
import { clone, dispose, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { sgdStep } from './sgd-step.ts';

const attributes = { lr: 0.1, momentum: 0.9, weightDecay: 0.01 };

/** Few numbers, and so many that an engine with a form for large weights takes it. */
const shapes = [[3], [300, 301]];
const names = ['weight', 'gradient', 'velocity'] as const;

function operands(shape: number[]): Record<(typeof names)[number], Tensor> {
  const [weight, gradient, velocity] = names.map((name) => seededTensor(shape, name)) as [Tensor, Tensor, Tensor];
  return { weight, gradient, velocity };
}

function expected(shape: number[], { lr, momentum, weightDecay } = attributes): [number[], number[]] {
  const size = shape.reduce((product, n) => product * n, 1);
  const [w, g, v] = names.map((name) => seededValues(size, name)) as [number[], number[], number[]];
  const velocity = v.map((value, i) => momentum * value + g[i]! + weightDecay * w[i]!);
  return [w.map((value, i) => value - lr * velocity[i]!), velocity];
}

describeEngines('sgdStep', () => {
  describe('values', () => {
    it.each(shapes)('are those of the formula: %j, %j', async (...shape) => {
      const [weight, velocity] = sgdStep(operands(shape), attributes);
      await expectClose(weight!, expected(shape)[0]);
      await expectClose(velocity!, expected(shape)[1]);
    });

    it('are those of the formula without momentum and without decay', async () => {
      const shape = [300, 301];
      for (const choice of [
        { ...attributes, momentum: 0 },
        { ...attributes, weightDecay: 0 },
      ]) {
        const [weight, velocity] = sgdStep(operands(shape), choice);
        await expectClose(weight!, expected(shape, choice)[0]);
        await expectClose(velocity!, expected(shape, choice)[1]);
      }
    });
  });

  describe('properties', () => {
    it.each(shapes)('the gradient, and copies of what it overwrites, keep their numbers: %j, %j', async (...shape) => {
      const given = operands(shape);
      const before = await Promise.all(Object.values(given).map(async (tensor) => Array.from(await tensor.data())));
      const copies = Object.values(given).map((tensor) => clone(tensor));
      sgdStep(given, attributes);
      for (const [i, copy] of copies.entries()) expect(Array.from(await copy.data())).toEqual(before[i]);
    });
  });

  describe('memory', () => {
    it.each(shapes)('keeps nothing but what it returns: %j, %j', (...shape) =>
      expectNoLeak(() => {
        const given = operands(shape);
        tidy(() => void sgdStep(given, attributes));
        dispose(Object.values(given));
      }),
    );
  });
});
