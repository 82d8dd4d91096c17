import { pooling } from '@covpool/core';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectTrainsAndReloads,
  seededTensor,
} from '@covpool/testing';
import type { Tensor } from '@tensorflow/tfjs-core';
import { sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { covarianceMatrix, covariancePooling, triu } from './layers.ts';

describeEngines('layers of covariance', () => {
  describe('values', () => {
    it('in a row are the pooling', async () => {
      const x = seededTensor([2, 3, 3, 4], 'parts');
      const parts = sequential({ layers: [covarianceMatrix({ inputShape: [3, 3, 4] }), triu()] });
      const fused = covariancePooling().apply(x) as Tensor;
      expect(fused.shape).toEqual([2, 10]);
      expect(parts.outputs[0]!.shape).toEqual([null, 10]);
      await expectClose(fused, await (parts.predict(x) as Tensor).data(), { relative: 0 });
    });

    it('take feature maps of any extent, and tokens', () => {
      const layer = covariancePooling({ dim: 3 });
      expect(layer.computeOutputShape([null, null, null, 8])).toEqual([null, 6]);
      expect((layer.apply(seededTensor([2, 5, 8], 'tokens')) as Tensor).shape).toEqual([2, 6]);
      expect((layer.apply(seededTensor([1, 2, 7, 8], 'map')) as Tensor).shape).toEqual([1, 6]);
    });
  });

  describe('properties', () => {
    it('train, save and reload', () =>
      expectTrainsAndReloads(() => [pooling('cov', { dim: 4, name: 'pool', inputShape: [4, 4, 6] })], [4, 4, 6]));

    it('train, save and reload in parts', () =>
      expectTrainsAndReloads(() => [covarianceMatrix({ inputShape: [6, 3] }), triu()], [6, 3]));
  });

  describe('rejects', () => {
    it('an option that plain covariance has not', () =>
      expectCovpoolError(
        () => pooling('cov', { iterations: 3 }),
        'bad-argument',
        /pooling 'cov': unknown option 'iterations'/,
      ));
  });
});
