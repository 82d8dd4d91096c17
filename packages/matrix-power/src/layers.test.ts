import { pooling } from '@covpool/core';
import { covarianceMatrix, triu } from '@covpool/covariance/layers';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectTrainsAndReloads,
  seededTensor,
} from '@covpool/testing';
import { sequential } from '@tensorflow/tfjs-layers';
import type { Tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { isqrtCovPooling, newtonSchulzRoot } from './layers.ts';

describeEngines('layers of matrix-power', () => {
  describe('values', () => {
    it.each([
      [3, 4],
      [2, 7],
    ])('covariance, root and triangle in a row are the fused pooling, %i×%i positions, 5 channels', async (h, w) => {
      const x = seededTensor([2, h, w, 5], 'parts');
      const options = { iterations: 4, norm: 'frobenius' } as const;
      const parts = sequential({
        layers: [covarianceMatrix({ inputShape: [h, w, 5] }), newtonSchulzRoot(options), triu()],
      });
      const fused = isqrtCovPooling(options).apply(x) as Tensor;
      expect(fused.shape).toEqual([2, 15]);
      await expectClose(fused, await (parts.predict(x) as Tensor).data());
    });
  });

  describe('properties', () => {
    it.each([
      [2, 2],
      [4, 4],
    ])('train, save and reload, %i×%i positions', (h, w) =>
      expectTrainsAndReloads(
        () => [pooling('isqrt', { dim: 6, iterations: 3, name: 'pool', inputShape: [h, w, 8] })],
        [h, w, 8],
      ),
    );

    it('hold every option', () => {
      const options = { iterations: 3, norm: 'frobenius', centering: false, recompute: true } as const;
      expect(isqrtCovPooling(options).getConfig()).toMatchObject(options);
      expect(newtonSchulzRoot({ recompute: true }).getConfig()).toMatchObject({ iterations: 5, recompute: true });
    });

    it('train, save and reload without centring, iterating again', () =>
      expectTrainsAndReloads(
        () => [pooling('isqrt', { centering: false, recompute: true, name: 'pool', inputShape: [2, 2, 6] })],
        [2, 2, 6],
      ));

    it('train, save and reload in parts', () =>
      expectTrainsAndReloads(
        () => [covarianceMatrix({ inputShape: [9, 4] }), newtonSchulzRoot({ norm: 'frobenius' }), triu()],
        [9, 4],
      ));
  });

  describe('rejects', () => {
    it('options that do not exist, by the name of the layer', async () => {
      await expectCovpoolError(
        () => isqrtCovPooling({ name: 'head', iterations: 1.5 }),
        'bad-argument',
        /^head: .*1\.5/,
      );
      await expectCovpoolError(
        () => newtonSchulzRoot({ name: 'root', norm: 'l2' as 'trace' }),
        'bad-argument',
        /^root: /,
      );
      await expectCovpoolError(
        () => pooling('isqrt', { iteration: 3 }),
        'bad-argument',
        /'iteration'; it has: .*iterations/,
      );
    });
  });
});
