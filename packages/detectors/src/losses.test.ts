import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  numericGradient,
  seededValues,
} from '@covpool/testing';
import {
  add,
  grad,
  mul,
  type Scalar,
  sum,
  type Tensor,
  tensor,
  type Tensor2D,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { readGolden } from './golden.fixture.ts';
import { sigmoidCrossEntropyLoss, smoothL1Loss, softmaxCrossEntropyLoss } from './losses.ts';

interface Case {
  name: 'smoothL1' | 'sigmoid' | 'softmax';
  input: number[];
  shape: number[];
  target: number[];
  beta?: number;
  normaliser?: number;
  value: number;
  gradient: number[];
}

const { cases } = readGolden<{ cases: Case[] }>('losses');

const lossOf = ({ name, target, beta, normaliser }: Case, x: Tensor): Scalar => {
  if (name === 'smoothL1') return smoothL1Loss(x, Float32Array.from(target), { beta: beta!, normaliser });
  if (name === 'sigmoid') return sigmoidCrossEntropyLoss(x, Float32Array.from(target));
  return softmaxCrossEntropyLoss(x as Tensor2D, Int32Array.from(target));
};

const smoothOf = (x: number, beta: number) => smoothL1Loss(tensor([x]), new Float32Array(1), { beta, normaliser: 1 });

describeEngines('losses', () => {
  describe('values', () => {
    it('of boxes are those of the examples (spec 5)', async () => {
      await expectClose(smoothOf(0.05, 1 / 9), [0.01125]);
      await expectClose(smoothOf(0.5, 1 / 9), [0.444444], { absolute: 5e-7, relative: 1e-9 });
      await expectClose(smoothOf(-0.5, 1), [0.125]);
      await expectClose(smoothOf(-3, 1), [2.5]);
      await expectClose(smoothOf(-3, 0), [3]);
    });

    it('are divided by the number of all samples, not of positives (spec 5)', async () => {
      const x = tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 4]);
      await expectClose(smoothL1Loss(x, new Float32Array(8), { beta: 0, normaliser: 256 }), [36 / 256]);
      const logits = tensor([0, 0, 0]);
      await expectClose(sigmoidCrossEntropyLoss(logits, Float32Array.of(0, 1, 0)), [Math.LN2]);
    });

    it.each(cases)('are PyTorch’s: $name of $shape, β $beta', async (given) => {
      const x = tensor(given.input, given.shape);
      await expectClose(lossOf(given, x), [given.value]);
    });

    it.each(cases)('have PyTorch’s gradient: $name of $shape, β $beta', async (given) => {
      const x = tensor(given.input, given.shape);
      await expectClose(grad((t: Tensor) => lossOf(given, t))(x), given.gradient);
    });

    it('without targets are 0, and so is the gradient, whatever else is learnt', async () => {
      const losses = [
        (x: Tensor) => smoothL1Loss(x, new Float32Array(), { beta: 1, normaliser: 0 }),
        (x: Tensor) => sigmoidCrossEntropyLoss(x, new Float32Array()),
        (x: Tensor) => softmaxCrossEntropyLoss(x as Tensor2D, new Int32Array()),
      ];
      for (const loss of losses) {
        const x: Tensor2D = zeros([0, 4]);
        await expectClose(loss(x), [0]);
        expect(grad(loss)(x).shape).toEqual([0, 4]);
      }
    });
  });

  describe('properties', () => {
    it('large logits neither overflow nor lose what they cost', async () => {
      const logits = tensor([1000, -1000, 1000, -1000]);
      await expectClose(sigmoidCrossEntropyLoss(logits, Float32Array.of(1, 0, 0, 1)), [500]);
      const rows: Tensor2D = tensor([1000, -1000, -1000, 1000], [2, 2]);
      await expectClose(softmaxCrossEntropyLoss(rows, Int32Array.of(0, 0)), [1000]);
    });
  });

  describe('gradient', () => {
    const targets = seededValues(6, 'targets').map((value) => 1 / (1 + Math.exp(-value)));

    it('is the derivative, also of a multiple in a sum', async () => {
      const x = seededValues(6, 'input');
      const total = (t: Tensor) =>
        add(
          mul(smoothL1Loss(t, Float32Array.from(targets), { beta: 0.5, normaliser: 3 }), 2),
          sigmoidCrossEntropyLoss(t, Float32Array.from(targets)),
        ) as Scalar;
      const smooth = (d: number) => (Math.abs(d) < 0.5 ? d * d : Math.abs(d) - 0.25);
      const oracle = (v: number[]) =>
        v.reduce((s, value, i) => {
          const t = Math.fround(targets[i]!);
          return s + (2 * smooth(value - t)) / 3 + (Math.log(1 + Math.exp(value)) - value * t) / 6;
        }, 0);
      await expectClose(grad(total)(tensor(x)), numericGradient(oracle, x));
    });
  });

  describe('rejects', () => {
    it('targets that do not fit', async () => {
      const x: Tensor2D = zeros([2, 3]);
      await expectCovpoolError(
        () => sigmoidCrossEntropyLoss(x, new Float32Array(5)),
        'bad-argument',
        /one target per element of \[2,3\] is required \(6\), got 5/,
      );
      await expectCovpoolError(
        () => softmaxCrossEntropyLoss(x, Int32Array.of(0, 3)),
        'bad-argument',
        /a label in \[0, 3\) per row of \[2,3\]/,
      );
      await expectCovpoolError(
        () => smoothL1Loss(x, new Float32Array(6), { beta: -1 }),
        'bad-argument',
        /beta must be 0 or more, got -1/,
      );
    });
  });

  describe('memory', () => {
    it.each(cases)('keep nothing: $name, β $beta', async (given) => {
      const x = tensor(given.input, given.shape);
      await expectNoLeak(() => lossOf(given, x).dispose());
      await expectNoLeak(() => tidy(() => void grad((t: Tensor) => sum(lossOf(given, t)))(x)));
    });
  });
});
