import {
  type BatchNormCase,
  batchNormCase,
  batchNormOracle,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  numericGradient,
} from '@covpool/testing';
import { tensor, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { channelBlocks } from '../channel-blocks.ts';
import { describeWebgpu, expectGivesBack, run } from '../on-webgpu.fixture.ts';

const EPSILON = 1e-3;

const oracle = (c: BatchNormCase) => {
  const { y, mean, variance, dx, dScale, dOffset } = batchNormOracle(c, EPSILON);
  return [y, mean, variance, dx, dScale, dOffset] as const;
};

/** y, mean, variance, dx, dScale, dOffset. */
function compute({ shape, x, scale, offset, dy }: BatchNormCase): Tensor[] {
  return tidy(() => {
    const saved = { x: tensor(x, shape), scale: tensor(scale) };
    const attributes = { epsilon: EPSILON };
    const [y, mean, variance] = run('BatchNormTraining', { ...saved, offset: tensor(offset) }, attributes);
    const inputs = { ...saved, dy: tensor(dy, shape), mean: mean!, variance: variance! };
    return [y!, mean!, variance!, ...run('BatchNormTrainingGrad', inputs, attributes)];
  });
}

describeWebgpu('batch normalisation in WGSL', () => {
  // One channel, few, one more than a block has, several chunks of rows, the last of them a part.
  const shapes = [[7, 3], [2, 5, 7, 1], [3, 4, 33], [2, 130, 21], [600, 5], [2, 9, 9, 64]]; // prettier-ignore

  describe('values', () => {
    it.each(shapes.map((shape) => [shape]))('of the definition for shape %j', async (shape) => {
      const c = batchNormCase(shape);
      const found = compute(c);
      const vector = [shape.at(-1)!];
      expect(found.map((t) => t.shape)).toEqual([shape, vector, vector, shape, vector, vector]);
      for (const [index, expected] of oracle(c).entries()) await expectClose(found[index]!, expected);
    });

    it('of one row: the offset, and no gradient', async () => {
      const c = batchNormCase([1, 5]);
      const [y, , variance, dx] = compute(c);
      await expectClose(y!, c.offset, { relative: 0 });
      await expectClose(variance!, [0, 0, 0, 0, 0], { relative: 0 });
      await expectClose(dx!, [0, 0, 0, 0, 0], { relative: 0 });
    });
  });

  describe('properties', () => {
    it.each([1e3, -3e4])('a mean of %d deviations costs the variance and y nothing', async (mean) => {
      const c = batchNormCase([4, 50, 6], mean);
      const [y, , variance] = oracle(c);
      const found = compute(c);
      await expectClose(found[0]!, y);
      await expectClose(found[2]!, variance);
    });

    it('a first row far from the others costs the variance no more than its own size', async () => {
      const c = batchNormCase([400, 2]);
      c.x[0] = c.x[1] = 1e3;
      const [, mean, variance] = oracle(c);
      const found = compute(c);
      await expectClose(found[1]!, mean);
      await expectClose(found[2]!, variance);
    });

    it('a constant channel gives the offset', async () => {
      const c = { ...batchNormCase([30, 5]), x: Array<number>(150).fill(0.1) };
      await expectClose(compute(c)[0]!, oracle({ ...c, x: c.x.map(Math.fround) })[0], { relative: 1e-6 });
    });

    it.each([[1, 1], [3, 3], [260, 21], [200704, 64], [49, 2048], [1e7, 1], [5, 1e6]])(
      'blocks of %i rows of %i channels hold every number once',
      (rows, channels) => {
        const { lanes, across, chunks, chunkRows } = channelBlocks(rows, channels);
        expect(Math.log2(lanes) % 1).toBe(0);
        expect(across).toBe(Math.ceil(channels / lanes));
        expect(chunks * chunkRows).toBeGreaterThanOrEqual(rows);
        expect((chunks - 1) * chunkRows).toBeLessThan(rows);
      },
    ); // prettier-ignore
  });

  describe('gradient', () => {
    it('against central differences of the float64 definition', async () => {
      const c = batchNormCase([6, 3]);
      const loss = (changed: Partial<BatchNormCase>): number =>
        oracle({ ...c, ...changed })[0].reduce((total, value, index) => total + value * c.dy[index]!, 0);
      const [, , , dx, dScale, dOffset] = compute(c);
      await expectClose(
        dx!,
        numericGradient((x) => loss({ x }), c.x),
      );
      await expectClose(
        dScale!,
        numericGradient((scale) => loss({ scale }), c.scale),
      );
      await expectClose(
        dOffset!,
        numericGradient((offset) => loss({ offset }), c.offset),
      );
    });
  });

  describe('rejects', () => {
    it('a scale of another length, and no rows', async () => {
      const inputs = { x: zeros([2, 2]), scale: tensor([1]), offset: tensor([1, 1]) };
      const attributes = { epsilon: EPSILON };
      const fails = (more: object) =>
        expectCovpoolError(
          () => run('BatchNormTraining', { ...inputs, ...more }, attributes),
          'bad-argument',
          /x \[\.\.\., C\] that is not empty and one number per channel are required/,
        );
      await fails({});
      await fails({ x: zeros([0, 2]), scale: tensor([1, 1]) });
    });

    it('whole numbers', () =>
      expectCovpoolError(
        () => run('BatchNormTraining', { x: zeros([2, 1], 'int32'), scale: zeros([1]), offset: zeros([1]) }, {}),
        'bad-argument',
        /tensors must be float32, got int32/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but its results, on the device either', async () => {
      const c = batchNormCase([6, 3]);
      await expectNoLeak(() => compute(c).forEach((t) => t.dispose()));
      await expectGivesBack(() => compute(c));
    });
  });
});
