import { pooling } from '@covpool/core';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  type Matrix,
  numericGradient,
  scale,
  seededMatrix,
  seededTensor,
  times,
  tolerance,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { fill, grad, mul, sum, type Tensor, tensor, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import './bilinear-pooling.ts';
import { bilinear } from './bilinear.ts';

function oracle(x: Matrix): number[] {
  const moment = scale(times(transpose(x), x), 1 / x.length).flat();
  const roots = moment.map((p) => Math.sign(p) * Math.sqrt(Math.abs(p) + 1e-8));
  return roots.map((root) => root / Math.max(Math.hypot(...roots), 1e-12));
}

describeEngines('bilinear', () => {
  describe('values', () => {
    it('of one position (1, 2) are (1/3, √2/3, √2/3, 2/3) (spec 9.2)', () =>
      expectClose(bilinear(tensor([1, 2], [1, 1, 2])), [1 / 3, Math.SQRT2 / 3, Math.SQRT2 / 3, 2 / 3]));

    it.each([
      [12, 4],
      [2, 5],
    ])('are those of the definition, image by image, %i positions, %i channels (spec 9.2)', async (m, d) => {
      const x = seededTensor([2, m, d], 'bilinear', m);
      const values = await x.data();
      const images = [values.slice(0, m * d), values.slice(m * d)];
      await expectClose(
        bilinear(x),
        images.flatMap((image) => oracle(toMatrix(image, d))),
      );
    });

    it('of VGG-16 are 262,144 (spec 9.2)', () =>
      expect(pooling('bcnn').computeOutputShape([null, 28, 28, 512])).toEqual([null, 262_144]));

    it('of nothing are zeros, of a constant picture as of one position (spec 10)', async () => {
      await expectClose(bilinear(zeros([1, 4, 2])), [0, 0, 0, 0], { relative: 0 });
      await expectClose(bilinear(fill([1, 3, 3, 2], 7)), [0.5, 0.5, 0.5, 0.5]);
    });
  });

  describe('properties', () => {
    const wild = fc.record({
      m: fc.integer({ min: 1, max: 9 }),
      d: fc.integer({ min: 1, max: 5 }),
      key: fc.nat(1000),
      factor: fc.double({ min: 0.5, max: 100, noNaN: true }),
    });

    it('ignore the scale and the order of the positions', () =>
      fc.assert(
        fc.asyncProperty(wild, async ({ m, d, key, factor }) => {
          const rows = seededMatrix(m, d, key);
          const moved = [...rows].reverse().map((row) => row.map((value) => value * factor));
          // A product that cancels to p errs by 1e-6, its root by √1e-6 at the most; the ε of another scale is less.
          await expectClose(bilinear(tensor(moved.flat(), [1, m, d])), oracle(rows), { absolute: 1e-3 });
          const [length] = await sum(mul(bilinear(tensor(rows.flat(), [1, m, d])), oracle(rows))).data();
          expect(Math.abs(length! - 1)).toBeLessThan(1e-3);
        }),
        { seed: 9, numRuns: 25 },
      ));

    it('train, save and reload, in groups too', async () => {
      await expectTrainsAndReloads(() => [pooling('bcnn', { dim: 4, name: 'pool', inputShape: [4, 4, 6] })], [4, 4, 6]);
      const grouped = () => [pooling('bcnn', { groups: 2, name: 'pool', inputShape: [9, 6] })];
      await expectTrainsAndReloads(grouped, [9, 6]);
    });
  });

  describe('gradient', () => {
    it.each([
      [6, 3],
      [2, 4],
    ])('is the derivative of the definition, %i positions, %i channels (spec 9.2)', async (m, d) => {
      const [x, g] = [seededTensor([1, m, d], 'x', m), seededTensor([1, d * d], 'g', d)];
      const weights = await g.data();
      const loss = (values: number[]): number =>
        oracle(toMatrix(values, d)).reduce((total, value, i) => total + value * weights[i]!, 0);
      await expectClose(
        grad((features: Tensor) => sum(mul(bilinear(features), g)))(x),
        numericGradient(loss, await x.data(), 1e-5),
        // √p amplifies the rounding of a small p.
        { relative: 5 * tolerance() },
      );
    });

    it('is 0 where all features are 0 (spec 9.2, 10)', () =>
      expectClose(grad((x: Tensor) => sum(bilinear(x)))(zeros([1, 3, 2])), [0, 0, 0, 0, 0, 0], { relative: 0 }));

    it('is finite where one channel is 0 (spec 9.2)', async () => {
      const gradient = await grad((x: Tensor) => sum(bilinear(x)))(tensor([1, 0, 2, 0], [1, 2, 2])).data();
      expect([...gradient].every(Number.isFinite)).toBe(true);
    });
  });

  describe('rejects', () => {
    it('features without positions', () =>
      expectCovpoolError(() => bilinear(zeros([2, 3])), 'bad-argument', /bilinear: features must be/));

    it('options that it has not', () =>
      expectCovpoolError(() => pooling('bcnn', { order: 'rows' }), 'bad-argument', /unknown option 'order'/));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([2, 4, 3], 'memory');
      await expectNoLeak(() => bilinear(x).dispose());
      await expectNoLeak(() => grad((features: Tensor) => sum(bilinear(features)))(x).dispose());
    });
  });
});
