import {
  covarianceOracle,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  flatten,
  plus,
  seededTensor,
  seededValues,
  scale,
  times,
  toMatrix,
  transpose,
} from '@covpool/testing';
import type { Matrix } from '@covpool/testing';
import { tensor, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeWebgpu, run } from '../on-webgpu.fixture.ts';

const centred = (x: Matrix): Matrix => {
  const means = transpose(x).map((column) => column.reduce((sum, value) => sum + value, 0) / x.length);
  return x.map((row) => row.map((value, j) => value - means[j]!));
};

const images = (shape: number[], ...key: string[]): Matrix[] =>
  Array.from({ length: shape[0]! }, (_, b) => toMatrix(seededValues(shape[1]! * shape[2]!, ...key, b), shape[2]!));

const asTensor = (matrices: Matrix[]) =>
  tensor(matrices.flatMap(flatten), [matrices.length, matrices[0]!.length, matrices[0]![0]!.length]);

describeWebgpu('covariance in WGSL', () => {
  // One tile, several, partial tiles, one position.
  const shapes = [[1, 4, 2], [3, 7, 5], [2, 20, 70], [2, 33, 33], [1, 1, 3]]; // prettier-ignore

  describe('values', () => {
    it.each(shapes)('of %i×%i×%i', async (...shape) => {
      const x = images(shape, 'x');
      for (const centering of [true, false]) {
        const [sigma] = run('Covariance', { x: asTensor(x) }, { centering });
        const rows = centering ? x.map(centred) : x;
        expect(sigma!.shape).toEqual([shape[0], shape[2], shape[2]]);
        await expectClose(
          sigma!,
          rows.flatMap((m) => flatten(scale(times(transpose(m), m), 1 / shape[1]!))),
        );
      }
    });

    it('of rows (1,0), (0,1), (−1,0), (0,−1): half the identity (spec 1.5)', async () => {
      const x = tensor([1, 0, 0, 1, -1, 0, 0, -1], [1, 4, 2]);
      await expectClose(run('Covariance', { x }, { centering: true })[0]!, [0.5, 0, 0, 0.5], { relative: 0 });
    });
  });

  describe('properties', () => {
    it('is symmetric bit for bit', async () => {
      const [sigma] = run('Covariance', { x: seededTensor([2, 50, 37], 'symmetric') }, { centering: true });
      const values = await sigma!.data();
      const at = (b: number, i: number, j: number) => values[(b * 37 + i) * 37 + j];
      for (let b = 0; b < 2; b++)
        for (let i = 0; i < 37; i++) for (let j = 0; j < i; j++) expect(at(b, i, j)).toBe(at(b, j, i));
    });

    it('does not feel a constant that is added', async () => {
      const x = images([1, 12, 6], 'shift')[0]!;
      const shifted = x.map((row) => row.map((value, j) => value + 100 * (j + 1)));
      // The sums of some 600 round to about 2⁻²⁴ of that.
      const limit = { absolute: 600 * 2 ** -20 };
      await expectClose(run('Covariance', { x: asTensor([shifted]) })[0]!, flatten(covarianceOracle(x)), limit);
    });
  });

  describe('gradient', () => {
    it.each(shapes)('of %i×%i×%i', async (...shape) => {
      const x = images(shape, 'x');
      const g = images([shape[0]!, shape[2]!, shape[2]!], 'G');
      for (const centering of [true, false]) {
        const [dx] = run('CovarianceGradient', { dy: asTensor(g), x: asTensor(x) }, { centering });
        const expected = x.flatMap((m, b) =>
          flatten(scale(times(centering ? centred(m) : m, plus(g[b]!, transpose(g[b]!))), 1 / shape[1]!)),
        );
        await expectClose(dx!, expected);
      }
    });
  });

  describe('rejects', () => {
    it('whole numbers', () =>
      expectCovpoolError(
        () => run('Covariance', { x: zeros([1, 2, 2], 'int32') }, {}),
        'bad-argument',
        /tensors must be float32, got int32/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but its results', async () => {
      const [x, dy] = [seededTensor([2, 5, 4], 'x'), seededTensor([2, 4, 4], 'g')];
      await expectNoLeak(() =>
        [...run('Covariance', { x }), ...run('CovarianceGradient', { dy, x })].map((t) => t.dispose()),
      );
    });

    it('of no images is empty', async () => {
      const [sigma] = run('Covariance', { x: zeros([0, 3, 2]) });
      expect([sigma!.shape, await sigma!.data()]).toEqual([[0, 2, 2], new Float32Array(0)]);
    });
  });
});
