import { normalization, pooling } from '@covpool/core';
import { covarianceMatrix, triu } from '@covpool/covariance/layers';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectTrainsAndReloads,
  seededTensor,
} from '@covpool/testing';
import type { Tensor } from '@tensorflow/tfjs-core';
import { sequential } from '@tensorflow/tfjs-layers';
import { describe, it } from 'vitest';
import { matrixPowerVariants } from './matrix-power-variants.ts';
import { matrixPowerNormalization, matrixPowerPooling } from './layers.ts';

const names = [...matrixPowerVariants.map(({ name }) => name), 'seb'];

describeEngines('layers by eigendecomposition', { host: true }, () => {
  describe('values', () => {
    it.each(names)('%s in parts is the fused pooling', async (name) => {
      const x = seededTensor([2, 3, 4, 5], 'parts');
      const parts = sequential({
        layers: [covarianceMatrix({ inputShape: [3, 4, 5] }), normalization(name), triu()],
      });
      const fused = pooling(name).apply(x) as Tensor;
      // The covariance in parts is a float32 one; what SVD-TopN puts at the floor is as small in both.
      await expectClose(fused, await (parts.predict(x) as Tensor).data(), { relative: 1e-5 });
    });
  });

  describe('properties', () => {
    it.each(names)('%s trains, saves and reloads', (name) =>
      expectTrainsAndReloads(() => [pooling(name, { dim: 6, name: 'pool', inputShape: [2, 4, 8] })], [2, 4, 8]),
    );

    it('options survive saving', () =>
      expectTrainsAndReloads(
        () => [
          covarianceMatrix({ inputShape: [9, 4] }),
          matrixPowerNormalization({ alpha: 0.7, epsilon: 1e-3, norm: 'm-fro', gradient: 'taylor', small: 'cut' }),
          triu(),
        ],
        [9, 4],
      ));
  });

  describe('rejects', () => {
    it('options that do not exist or are not left to choose, by the name of the layer', async () => {
      await expectCovpoolError(
        () => matrixPowerPooling({ name: 'head', alpha: -1 }),
        'bad-argument',
        /^head: alpha .*-1/,
      );
      await expectCovpoolError(() => pooling('svd-pade', { gradient: 'exact' }), 'bad-argument', /option 'gradient'/);
    });
  });
});
