import {
  covarianceOracle,
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  flatten,
  frobenius,
  identity,
  type Matrix,
  plus,
  scale,
  seededTensor,
  spectral,
  times,
  tolerance,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { covariance } from '@covpool/covariance';
import { fill, grad, mul, type Rank, relu, sum, type Tensor, tensor, zeros } from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { rootGradientOracle, rootOracle, scalarRoots } from './lyapunov.fixture.ts';
import { mpaSqrt, mpaSqrtCov } from './mpa-sqrt.ts';
import { mtpSqrt, mtpSqrtCov } from './mtp-sqrt.ts';

const roots = [
  { name: 'mpaSqrtCov', ofFeatures: mpaSqrtCov, ofMatrix: mpaSqrt, scalar: scalarRoots.mpa },
  { name: 'mtpSqrtCov', ofFeatures: mtpSqrtCov, ofMatrix: mtpSqrt, scalar: scalarRoots.mtp },
] as const;

/** [positions, channels]: the side of the rows, that of the channels, the edge, and one position. */
const shapes: [number, number][] = [
  [5, 9],
  [2, 8],
  [9, 5],
  [6, 6],
];

/** (2/M) X̄ G of a gradient G with respect to the covariance. */
function throughCovariance(x: Matrix, g: Matrix): Matrix {
  const mean = x[0]!.map((_, j) => x.reduce((total, row) => total + row[j]!, 0) / x.length);
  const centred = x.map((row) => row.map((value, j) => value - mean[j]!));
  return scale(times(centred, g), 2 / x.length);
}

describeEngines('square roots of covariances with the Lyapunov gradient', () => {
  describe.each(roots)('values: $name', ({ ofFeatures, ofMatrix, scalar }) => {
    it.each(shapes)('is the approximant of the covariance, %i positions, %i channels', async (m, d) => {
      const x = seededTensor([2, m, d], 'roots', m, d);
      const values = toMatrix(await x.data(), d);
      const expected = [values.slice(0, m), values.slice(m)].flatMap((rows) =>
        flatten(rootOracle(covarianceOracle(rows), scalar)),
      );
      await expectClose(ofFeatures(x), expected);
    });

    it('is the approximant at 49 positions of 256 channels, rank 48, on both sides', async () => {
      const x = relu(seededTensor<Rank.R3>([1, 49, 256], 'rank 48'));
      const rows = toMatrix(await x.data(), 256);
      const mean = rows[0]!.map((_, j) => rows.reduce((total, row) => total + row[j]!, 0) / 49);
      const centred = rows.map((row) => row.map((value, j) => value - mean[j]!));
      // f(A) = f(0) I + X̂ᵀ (f(K) − f(0)) K⁺ X̂ with K of the rows.
      const gram = scale(times(centred, transpose(centred)), 1 / 49);
      const n = frobenius(gram);
      const inner = spectral(gram, (a) => (a < 1e-9 * n ? 0 : (scalar(a / n) - scalar(0)) / a));
      const inRange = scale(times(transpose(centred), times(inner, centred)), 1 / 49);
      const expected = flatten(scale(plus(inRange, scale(identity(256), scalar(0))), Math.sqrt(n)));
      await expectClose(ofFeatures(x), expected);
      await expectClose(ofMatrix(covariance(x)), expected);
    });

    it('takes feature maps as rows', async () => {
      const map = seededTensor([2, 2, 3, 8], 'map');
      const rows = tensor(await map.data(), [2, 6, 8]);
      await expectClose(ofFeatures(map), await ofFeatures(rows).data(), { relative: 0 });
    });
  });

  describe.each(roots)('properties: $name', ({ ofFeatures, ofMatrix }) => {
    it.each(shapes)('is covariance and root in a row, and so is its gradient, %i×%i', async (m, d) => {
      const [x, w] = [seededTensor([2, m, d], 'row', m), seededTensor([2, d, d], 'row w', d)];
      const parts = (features: Tensor) => ofMatrix(covariance(features));
      await expectClose(ofFeatures(x), await parts(x).data());
      const gradient = grad((features: Tensor) => sum(mul(ofFeatures(features), w)))(x);
      await expectClose(gradient, await grad((features: Tensor) => sum(mul(parts(features), w)))(x).data());
    });

    it('is homogeneous of degree 1 in the features', async () => {
      const x = seededTensor([1, 5, 7], 'scale');
      await expectClose(ofFeatures(mul(x, 3)), await mul(ofFeatures(x), 3).data());
    });
  });

  describe.each(roots)('gradient: $name', ({ ofFeatures, scalar }) => {
    it.each(shapes)('is the published one for any number of iterations, %i×%i', async (m, d) => {
      const [x, w] = [seededTensor([1, m, d], 'gradient', m), seededTensor([1, d, d], 'gradient w', d)];
      const rows = toMatrix(await x.data(), d);
      for (const iterations of [1, 2, 5, 8, 14]) {
        const g = rootGradientOracle(covarianceOracle(rows), toMatrix(await w.data(), d), scalar, iterations);
        const ours = grad((features: Tensor) => sum(mul(ofFeatures(features, { iterations }), w)))(x);
        await expectClose(ours, flatten(throughCovariance(rows, g)), { relative: 2 * tolerance() });
      }
    });

    it.each([...shapes, [1, 3]])('is zero, like the value, for a constant picture, %i×%i', async (m, d) => {
      const x = fill([1, m, d], 3);
      await expectClose(ofFeatures(x), new Array<number>(d * d).fill(0), { relative: 0 });
      const gradient = grad((features: Tensor) => sum(ofFeatures(features)))(x);
      await expectClose(gradient, new Array<number>(m * d).fill(0), { relative: 0 });
    });
  });

  describe.each(roots)('rejects: $name', ({ name, ofFeatures }) => {
    it('what it cannot compute', async () => {
      await expectCovpoolError(
        () => ofFeatures(zeros([2, 5])),
        'bad-argument',
        new RegExp(`${name}: features must be`),
      );
      await expectCovpoolError(
        () => ofFeatures(zeros([1, 2, 5]), { iterations: 0.5 }),
        'bad-argument',
        new RegExp(`${name}: iterations`),
      );
    });
  });

  describe.each(roots)('memory: $name', ({ ofFeatures }) => {
    it.each(shapes)('keeps nothing but what it returns, %i×%i', async (m, d) => {
      const x = seededTensor([2, m, d], 'memory');
      await expectNoLeak(() => ofFeatures(x).dispose());
      await expectNoLeak(() => grad((features: Tensor) => sum(ofFeatures(features)))(x).dispose());
    });
  });
});
