import {
  type BatchNormCase,
  batchNormCase,
  batchNormOracle,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  numericGradient,
} from '@covpool/testing';
import { engine, tensor, tidy } from '@tensorflow/tfjs-core';
import type { NamedTensorMap, Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeKinds } from '../against-cpu.fixture.ts';

const EPSILON = 1e-3;
// Each output is rounded to float32 a few times after float64 sums.
const LIMIT = { relative: 1e-6 };
// In dx of a single row, terms up to |scale|·|dy|/√ε, some 300, cancel.
const LIMIT_OF_ONE_ROW = { ...LIMIT, absolute: 300 * 2 ** -24 };

const oracle = (c: BatchNormCase) => batchNormOracle(c, EPSILON);

const run = (name: string, inputs: NamedTensorMap): Tensor[] =>
  engine().runKernel(name, inputs, { epsilon: EPSILON }) as unknown as Tensor[];

function compute({ shape, x, scale, offset, dy }: BatchNormCase): Tensor[] {
  return tidy(() => {
    const saved = { x: tensor(x, shape), scale: tensor(scale) };
    const forward = run('BatchNormTraining', { ...saved, offset: tensor(offset) });
    const [y, mean, variance] = forward as [Tensor, Tensor, Tensor];
    return [y, mean, variance, ...run('BatchNormTrainingGrad', { ...saved, dy: tensor(dy, shape), mean, variance })];
  });
}

describeKinds(() => {
  const shapes = [[7, 3], [200, 8], [2, 5, 7, 1], [1, 9, 9, 16], [3, 4, 6], [2, 130, 21], [1, 5], [5, 67]]; // prettier-ignore

  describe('values', () => {
    it.each(shapes)('of the definition for shape %i %i %i %i', async (...shape) => {
      const c = batchNormCase(shape.filter((extent) => typeof extent === 'number'));
      const { y, mean, variance, dx, dScale, dOffset } = oracle(c);
      const actual = compute(c);
      expect(actual.map((t) => t.shape)).toEqual([
        c.shape,
        ...[0, 1].map(() => [c.scale.length]),
        c.shape,
        ...[0, 1].map(() => [c.scale.length]),
      ]);
      for (const [index, expected] of [y, mean, variance, dx, dScale, dOffset].entries()) {
        await expectClose(actual[index]!, expected, c.x.length === c.scale.length ? LIMIT_OF_ONE_ROW : LIMIT);
      }
    });
  });

  describe('properties', () => {
    it.each([1e3, -3e4])('a mean of %d deviations costs nothing', async (mean) => {
      const c = batchNormCase([4, 50, 6], mean);
      const expected = oracle(c);
      const [y, , variance, dx, dScale] = compute(c);
      await expectClose(y!, expected.y, { relative: 1e-5 });
      await expectClose(variance!, expected.variance, { relative: 1e-5 });
      await expectClose(dx!, expected.dx, { relative: 1e-5 });
      await expectClose(dScale!, expected.dScale, { relative: 1e-5 });
    });

    it('a constant channel gives the offset', async () => {
      const c = { ...batchNormCase([30, 5]), x: Array<number>(150).fill(0.1) };
      await expectClose(compute(c)[0]!, oracle(c).y, LIMIT);
    });
  });

  describe('gradient', () => {
    it('against central differences of the float64 definition', async () => {
      const c = batchNormCase([6, 3]);
      const loss = (x: number[], scale = c.scale): number =>
        oracle({ ...c, x, scale }).y.reduce((total, value, index) => total + value * c.dy[index]!, 0);
      const actual = compute(c);
      await expectClose(actual[3]!, numericGradient(loss, c.x), { relative: 2e-6 });
      await expectClose(
        actual[4]!,
        numericGradient((scale) => loss(c.x, scale), c.scale),
        { relative: 2e-6 },
      );
    });
  });

  describe('rejects', () => {
    it('a scale of another length', () => {
      const inputs = { x: tensor([1, 2, 3, 4], [2, 2]), scale: tensor([1]), offset: tensor([1, 1]) };
      return expectCovpoolError(() => run('BatchNormTraining', inputs), 'bad-argument', /one number per channel/);
    });
  });

  describe('memory', () => {
    it('leaks no tensor', () => expectNoLeak(() => compute(batchNormCase([6, 3])).forEach((t) => t.dispose())));
  });
});
