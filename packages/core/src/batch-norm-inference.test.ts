import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  type GivenBatchNormCase,
  givenBatchNormCase,
  givenBatchNormOracle,
  numericGradient,
} from '@covpool/testing';
import { grad, grads, memory, profile, tensor, type Tensor, type Tensor1D, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { batchNormInference, type BatchNormParameters } from './batch-norm-inference.ts';
import { batchNormTraining } from './batch-norm-training.ts';

const vector = (values: number[]) => tensor(values) as Tensor1D;

const tensorsOf = (c: GivenBatchNormCase): BatchNormParameters => ({
  scale: vector(c.scale),
  offset: vector(c.offset),
  mean: vector(c.mean),
  variance: vector(c.variance),
});

/** The function of all five tensors, in the order x, scale, offset, mean, variance. */
const ofFive = (...[x, scale, offset, mean, variance]: Tensor[]): Tensor => {
  const parameters = { scale, offset, mean, variance } as unknown as BatchNormParameters;
  return batchNormInference(x!, parameters, { epsilon: 1e-3 });
};

const fiveOf = (c: GivenBatchNormCase): Tensor[] => [tensor(c.x, c.shape), ...Object.values(tensorsOf(c))];

describeEngines('batchNormInference', () => {
  describe('values', () => {
    it.each([[[4, 3, 5, 3]], [[2, 3, 3, 16]], [[7, 3]], [[2, 70, 21]], [[2, 2, 3, 2, 5]], [[6, 1]], [[9]]])(
      'are those of the definition for shape %j',
      async (shape) => {
        const c = givenBatchNormCase(shape);
        const y = batchNormInference(tensor(c.x, shape), tensorsOf(c), { epsilon: 1e-3 });
        expect(y.shape).toEqual(shape);
        await expectClose(y, givenBatchNormOracle(c, 1e-3));
      },
    );

    it('have 1e-5 for epsilon', async () => {
      const c = { ...givenBatchNormCase([8, 3]), variance: [0, 1e-6, 1e-5] };
      await expectClose(batchNormInference(tensor(c.x, c.shape), tensorsOf(c)), givenBatchNormOracle(c, 1e-5));
    });

    it.each([[[0, 4, 4, 3]], [[0, 3]]])('are none for an empty batch %j', (shape) => {
      const y = batchNormInference(zeros(shape), tensorsOf(givenBatchNormCase([1, 3])));
      expect(y.shape).toEqual(shape);
    });
  });

  describe('properties', () => {
    it("are those of batchNormTraining by the batch's own statistics", async () => {
      const c = givenBatchNormCase([5, 4, 6]);
      const x = tensor(c.x, c.shape);
      const { scale, offset } = tensorsOf(c);
      const { y, mean, variance } = batchNormTraining(x, scale, offset);
      await expectClose(batchNormInference(x, { scale, offset, mean, variance }), await y.data());
    });

    it('leaves x as it is by a scale and variance of 1, an offset and mean of 0', async () => {
      const { x, shape } = givenBatchNormCase([3, 5]);
      const [one, zero] = [vector([1, 1, 1, 1, 1]), vector([0, 0, 0, 0, 0])];
      const parameters = { scale: one, offset: zero, mean: zero, variance: one };
      await expectClose(batchNormInference(tensor(x, shape), parameters, { epsilon: 0 }), x, { relative: 2 ** -22 });
    });
  });

  describe('gradient', () => {
    it.each([[[3, 2, 2, 5]], [[6, 3]], [[4]]])(
      'is the derivative of the definition by all five for shape %j, by central differences in float64',
      async (shape) => {
        const c = givenBatchNormCase(shape);
        const found = grads(ofFive)(fiveOf(c), tensor(c.dy, shape));
        for (const [index, name] of (['x', 'scale', 'offset', 'mean', 'variance'] as const).entries()) {
          const loss = (values: number[]): number =>
            givenBatchNormOracle({ ...c, [name]: values }, 1e-3).reduce((total, y, i) => total + y * c.dy[i]!, 0);
          expect(found[index]!.shape).toEqual(name === 'x' ? shape : [c.scale.length]);
          await expectClose(found[index]!, numericGradient(loss, c[name]));
        }
      },
    );

    it('by the scale does not suffer from a mean of many deviations', async () => {
      const c = givenBatchNormCase([40, 3], 1e3);
      const loss = (scale: number[]): number =>
        givenBatchNormOracle({ ...c, scale }, 1e-3).reduce((total, y, i) => total + y * c.dy[i]!, 0);
      const found = grads(ofFive)(fiveOf(c), tensor(c.dy, c.shape));
      await expectClose(found[1]!, numericGradient(loss, c.scale));
    });

    it('by x alone sums nothing', async () => {
      const c = givenBatchNormCase([4, 2, 2, 3]);
      const [x, dy, parameters] = [tensor(c.x, c.shape), tensor(c.dy, c.shape), tensorsOf(c)];
      const { kernelNames } = await profile(() =>
        grad((value: Tensor) => batchNormInference(value, parameters))(x, dy),
      );
      expect(kernelNames).toContain('BatchNormInference');
      expect(kernelNames).not.toContain('Sum');
    });

    it('of an empty batch is 0', async () => {
      const [, ...parameters] = fiveOf(givenBatchNormCase([1, 3]));
      const found = grads(ofFive)([zeros([0, 2, 3]), ...parameters], zeros([0, 2, 3]));
      expect(found[0]!.shape).toEqual([0, 2, 3]);
      for (const gradient of found.slice(1)) await expectClose(gradient, [0, 0, 0], { relative: 0 });
    });
  });

  describe('rejects', () => {
    it.each(['scale', 'offset', 'mean', 'variance'])('%s of another length or rank', async (name) => {
      const c = givenBatchNormCase([2, 3]);
      for (const [shape, got] of [[[1], '1'], [[1, 3], '1,3']] as const) {
        const parameters = { ...tensorsOf(c), [name]: zeros([...shape]) };
        await expectCovpoolError(
          () => batchNormInference(tensor(c.x, c.shape), parameters),
          'bad-argument',
          new RegExp(`^batchNormInference: ${name} must have one number per channel of x \\[2,3\\], got \\[${got}\\]$`),
        );
      }
    }); // prettier-ignore

    it('whole numbers', () =>
      expectCovpoolError(
        () => batchNormInference(zeros([2, 3], 'int32'), tensorsOf(givenBatchNormCase([2, 3]))),
        'bad-argument',
        /x must be float32, got int32/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const c = givenBatchNormCase([4, 3]);
      const [five, dy] = [fiveOf(c), tensor(c.dy, c.shape)];
      await expectNoLeak(() => ofFive(...five).dispose());
      await expectNoLeak(() => grads(ofFive)(five, dy).forEach((gradient) => gradient.dispose()));
    });

    it('holds nothing for the gradient but its inputs', () => {
      const c = givenBatchNormCase([4, 3]);
      const [five, dy] = [fiveOf(c), tensor(c.dy, c.shape)];
      ofFive(...five).dispose();
      const held: number[] = [];
      grads((...tensors: Tensor[]) => {
        const before = memory().numDataBuffers;
        const y = ofFive(...tensors);
        held.push(memory().numDataBuffers - before);
        return y;
      })(five, dy).forEach((gradient) => gradient.dispose());
      expect(held).toEqual([1]);
    });
  });
});
