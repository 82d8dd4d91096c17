import { normalization, normalizations } from '@covpool/core';
import { covarianceMatrix, triu } from '@covpool/covariance/layers';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  flatten,
  type Matrix,
  numericGradient,
  scale,
  seededTensor,
  toMatrix,
  transpose,
} from '@covpool/testing';
import {
  grad,
  grads,
  mul,
  type Rank,
  scalar,
  type Scalar,
  sum,
  type Tensor,
  tensor,
  type Tensor3D,
  zeros,
} from '@tensorflow/tfjs-core';
import { input } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { elementPowerNorm, type LengthOf } from './element-power-norm.ts';
import { elementPowerNormalization, scaleNormalization, svPowerNormalization } from './power-norm-layers.ts';
import { scaleNorm } from './scale-norm.ts';

function elementOracle(x: Matrix, of: LengthOf): Matrix {
  const roots = x.map((row) => row.map((value) => Math.sign(value) * Math.sqrt(Math.abs(value) + 1e-8)));
  const unit = (row: number[]): number[] => row.map((value) => value / Math.hypot(...row));
  if (of === 'columns') return transpose(transpose(roots).map(unit));
  return scale(roots, 1 / Math.hypot(...flatten(roots)));
}

describeEngines('elementPowerNorm and scaleNorm', () => {
  describe('values', () => {
    it('are signed roots of length 1, of a matrix or of its columns (spec 6.6)', async () => {
      const x = tensor([4, 0, -9, 16], [1, 2, 2]) as Tensor3D;
      await expectClose(
        elementPowerNorm(x),
        [2, 0, -3, 4].map((value) => value / Math.sqrt(29)),
      );
      await expectClose(elementPowerNorm(x, { of: 'columns' }), [2 / Math.sqrt(13), 0, -3 / Math.sqrt(13), 1]);
    });

    it.each(['matrix', 'columns'] as const)('are those of the formula, of: %s', async (of) => {
      const x = seededTensor<Rank.R3>([2, 4, 3], 'element');
      const values = toMatrix(await x.data(), 3);
      const expected = [values.slice(0, 4), values.slice(4)].flatMap((a) => flatten(elementOracle(a, of)));
      await expectClose(elementPowerNorm(x, { of }), expected);
    });

    it('scale by r^(−1/2) or a factor of their own (spec 6.6)', async () => {
      const x = tensor([2, 4, 6, 8], [1, 1, 4]) as Tensor3D;
      await expectClose(scaleNorm(x), [1, 2, 3, 4]);
      await expectClose(scaleNorm(x, scalar(3)), [6, 12, 18, 24]);
    });
  });

  describe('properties', () => {
    it('elementPowerNorm does not depend on the scale, and leaves zeros', async () => {
      const x = seededTensor<Rank.R3>([1, 3, 3], 'homogeneous');
      await expectClose(elementPowerNorm(mul(x, 50) as Tensor3D), await elementPowerNorm(x).data());
      await expectClose(elementPowerNorm(zeros([1, 2, 2])), [0, 0, 0, 0], { relative: 0 });
    });
  });

  describe('gradient', () => {
    it.each(['matrix', 'columns'] as const)('of elementPowerNorm is the derivative, of: %s', async (of) => {
      const [x, w] = [seededTensor<Rank.R3>([1, 3, 4], 'gradient'), seededTensor([1, 3, 4], 'w')];
      const weights = await w.data();
      const numeric = numericGradient(
        (values) => flatten(elementOracle(toMatrix(values, 4), of)).reduce((total, v, i) => total + v * weights[i]!, 0),
        await x.data(),
        1e-5,
      );
      await expectClose(grad((a: Tensor) => sum(mul(elementPowerNorm(a as Tensor3D, { of }), w)))(x), numeric);
    });

    it('of scaleNorm goes to the factor too', async () => {
      const x = tensor([2, 4, 6, 8], [1, 1, 4]);
      const [dx, df] = grads((a: Tensor, f: Tensor) => sum(scaleNorm(a as Tensor3D, f as Scalar)))([x, scalar(3)]);
      await expectClose(dx!, [3, 3, 3, 3]);
      await expectClose(df!, [20]);
    });
  });

  describe('rejects', () => {
    it('what is no matrix', async () => {
      await expectCovpoolError(
        () => elementPowerNorm(zeros([2, 3]) as unknown as Tensor3D),
        'bad-argument',
        /elementPowerNorm: .*\[2,3\]/,
      );
      await expectCovpoolError(
        () => elementPowerNorm(zeros([1, 2, 3]), { of: 'rows' as 'matrix' }),
        'bad-argument',
        /'matrix' or 'columns', got 'rows'/,
      );
      await expectCovpoolError(
        () => scaleNorm(zeros([2, 3]) as unknown as Tensor3D),
        'bad-argument',
        /scaleNorm: .*\[2,3\]/,
      );
    });
  });

  describe('memory', () => {
    it('is given back', async () => {
      const x = seededTensor<Rank.R3>([2, 3, 3], 'memory');
      for (const norm of [
        (a: Tensor3D) => elementPowerNorm(a),
        (a: Tensor3D) => elementPowerNorm(a, { of: 'columns' }),
        (a: Tensor3D) => scaleNorm(a),
      ]) {
        await expectNoLeak(() => norm(x).dispose());
        await expectNoLeak(() => grad((a: Tensor) => sum(norm(a as Tensor3D)))(x).dispose());
      }
    });
  });
});

describeEngines('layers of power normalisation', () => {
  it.each([
    ['svpn', { iterations: 2, triplets: 2 }],
    ['epn', { of: 'columns' }],
    ['scale', { learned: true }],
    ['scale', {}],
  ])('%s trains, saves and reloads with %j', (name, options) =>
    expectTrainsAndReloads(
      () => [covarianceMatrix({ inputShape: [9, 4] }), normalization(name, { ...options, name: 'norm' }), triu()],
      [9, 4],
    ),
  );

  it('learn the start vector and the factor under the names of the published code', () => {
    const symbolic = () => input({ shape: [5, 3] });
    const svpn = svPowerNormalization({ name: 'norm' });
    svpn.apply(symbolic());
    expect(svpn.stateEntries().map(({ name, variable }) => [name, variable.shape])).toEqual([['norm.weight', [3]]]);
    const learned = scaleNormalization({ name: 'norm', learned: true });
    learned.apply(symbolic());
    expect(learned.stateEntries().map(({ name, variable }) => [name, variable.shape])).toEqual([['norm.factor', []]]);
    const fixed = scaleNormalization();
    fixed.apply(symbolic());
    expect(fixed.stateEntries()).toEqual([]);
  });

  it('begin at r^(−1/2), learned or not', async () => {
    const x = seededTensor([2, 3, 4], 'scale');
    for (const learned of [true, false]) {
      await expectClose(scaleNormalization({ learned }).apply(x) as Tensor, await mul(x, 0.5).data());
    }
  });

  it('are no square roots', () => {
    expect(['svpn', 'epn', 'scale'].map((name) => normalizations.get(name).squareRoot)).toEqual([false, false, false]);
  });

  it('reject impossible options by the name of the layer', async () => {
    await expectCovpoolError(() => svPowerNormalization({ name: 'norm', alpha: 2 }), 'bad-argument', /^norm: alpha/);
    await expectCovpoolError(
      () => elementPowerNormalization({ name: 'norm', of: 'all' as 'matrix' }),
      'bad-argument',
      /^norm: of/,
    );
    await expectCovpoolError(
      () => scaleNormalization({ name: 'norm' }).apply(input({ shape: [3] })),
      'bad-argument',
      /^norm: matrices must be \[B,r1,r2\]/,
    );
  });
});
