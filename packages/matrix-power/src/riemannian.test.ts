import { normalization, pooling } from '@covpool/core';
import { covarianceMatrix, triu } from '@covpool/covariance/layers';
import {
  covarianceOracle,
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  identity,
  flatten,
  minus,
  newtonSchulzOracle,
  numericGradient,
  scale,
  seededTensor,
  tolerance,
  toMatrix,
  triu as upper,
} from '@covpool/testing';
import { fill, grad, mul, sum, type Tensor, tensor, zeros } from '@tensorflow/tfjs-core';
import { sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { choleskyPooling, powTmlrPooling, scalePowPooling } from './riemannian-pooling.ts';
import { powTmlr, scalePowEmlr } from './riemannian.ts';

/** Four rows with the covariance [[2,1],[1,2]]. */
const r = Math.sqrt(3);
const rows = (): Tensor => tensor([r, r, -r, -r, 1, -1, -1, 1], [1, 4, 2]);

describeEngines('Riemannian variants', { host: true }, () => {
  describe('values', () => {
    it('of the covariance [[2,1],[1,2]] are those of its root (√3 ± 1)/2 (spec 9.4)', async () => {
      const [p, q] = [(r + 1) / 2, (r - 1) / 2];
      await expectClose(powTmlr(rows(), { iterations: 9 }), [2 * p - 2, 2 * q, 2 * q, 2 * p - 2]);
      await expectClose(scalePowEmlr(rows(), { iterations: 9 }), [2 * p, 2 * q, 2 * q, 2 * p]);
      const descriptor = choleskyPooling().apply(rows()) as Tensor;
      await expectClose(descriptor, [0.693147, 0.707107, 0.405465], { absolute: 2e-6 });
    });

    it.each([
      [3, 6],
      [9, 4],
    ])('are 2(C − I) and 2C of the Newton–Schulz root C, %i positions, %i channels', async (m, d) => {
      const x = seededTensor([1, m, d], 'riemannian', m);
      const root = newtonSchulzOracle(covarianceOracle(toMatrix(await x.data(), d)), 5);
      const tangent = scale(minus(root, identity(d)), 2);
      await expectClose(powTmlr(x), flatten(tangent));
      await expectClose(scalePowEmlr(x), flatten(scale(root, 2)));
      await expectClose(powTmlrPooling().apply(x) as Tensor, upper(tangent));
      await expectClose(scalePowPooling().apply(x) as Tensor, upper(scale(root, 2)));
    });
  });

  describe('properties', () => {
    it('of a constant picture are finite', async () => {
      const x = fill([1, 4, 3], 2);
      await expectClose(powTmlr(x), flatten(scale(identity(3), -2)), { relative: 0 });
      await expectClose(scalePowEmlr(x), new Array<number>(9).fill(0), { relative: 0 });
    });

    it.each(['powtmlr', 'scalepow', 'cholesky'])('%s trains, saves and reloads', (name) =>
      expectTrainsAndReloads(() => [pooling(name, { dim: 4, name: 'pool', inputShape: [4, 4, 6] })], [4, 4, 6]),
    );

    it('cholesky trains, saves and reloads in parts', () =>
      expectTrainsAndReloads(
        () => [covarianceMatrix({ inputShape: [9, 3] }), normalization('cholesky', { epsilon: 1e-3 }), triu()],
        [9, 3],
      ));

    it('cholesky in parts is the fused pooling where the covariance has full rank', async () => {
      const x = seededTensor([2, 12, 4], 'parts');
      const parts = sequential({
        layers: [covarianceMatrix({ inputShape: [12, 4] }), normalization('cholesky'), triu()],
      });
      await expectClose(choleskyPooling().apply(x) as Tensor, await (parts.predict(x) as Tensor).data());
    });

    it('hold their options', () => {
      expect(powTmlrPooling({ iterations: 7 }).getConfig()).toMatchObject({ iterations: 7, norm: 'trace' });
      expect(choleskyPooling({ epsilon: 1e-4 }).getConfig()).toMatchObject({ epsilon: 1e-4 });
    });
  });

  describe('gradient', () => {
    it('is twice that of the root', async () => {
      const [x, w] = [seededTensor([1, 4, 6], 'gradient'), seededTensor([1, 6, 6], 'gradient weights')];
      const weights = await w.data();
      const numeric = numericGradient(
        (values) =>
          flatten(newtonSchulzOracle(covarianceOracle(toMatrix(values, 6)), 5)).reduce(
            (total, value, i) => total + 2 * value * weights[i]!,
            0,
          ),
        await x.data(),
      );
      for (const variant of [powTmlr, scalePowEmlr]) {
        const gradient = grad((features: Tensor) => sum(mul(variant(features), w)))(x);
        await expectClose(gradient, numeric, { relative: 2 * tolerance() });
      }
    });
  });

  describe('rejects', () => {
    it('options that do not exist or cannot be', async () => {
      await expectCovpoolError(() => powTmlr(zeros([2, 5])), 'bad-argument', /features must be/);
      await expectCovpoolError(
        () => scalePowPooling({ name: 'head', iterations: 0 }),
        'bad-argument',
        /^head: iterations/,
      );
      await expectCovpoolError(() => choleskyPooling({ name: 'head', epsilon: 0 }), 'bad-argument', /^head: epsilon/);
      await expectCovpoolError(() => pooling('cholesky', { norm: 'trace' }), 'bad-argument', /it has: .*epsilon/);
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([2, 3, 5], 'memory');
      for (const variant of [powTmlr, scalePowEmlr]) {
        await expectNoLeak(() => variant(x).dispose());
        await expectNoLeak(() => grad((features: Tensor) => sum(variant(features)))(x).dispose());
      }
    });
  });
});
