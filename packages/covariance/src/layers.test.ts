import { pooling } from '@covpool/core';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectTrainsAndReloads,
  seededTensor,
} from '@covpool/testing';
import type { Tensor } from '@tensorflow/tfjs-core';
import { input, layers, model, sequential, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { type Centering, crossCovariance } from './cross-covariance.ts';
import { gaussianEmbedding } from './gaussian-embedding.ts';
import {
  bilinearPooling,
  covarianceMatrix,
  covariancePooling,
  crossCovarianceMatrix,
  type CrossCovarianceMatrixConfig,
  fromTriu,
  gaussianMatrix,
  l2Normalization,
  secondMomentMatrix,
  signedSquareRoot,
  triu,
} from './layers.ts';
import { secondMoment } from './second-moment.ts';
import type { TriuOrder } from './triu-places.ts';

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

    it('are those of their functions', async () => {
      const [x, y] = [seededTensor([2, 5, 3], 'x'), seededTensor([2, 5, 2], 'y')];
      const options = { centering: 'scalar', beta: 0.5 } as const;
      const pairs = [
        [secondMomentMatrix().apply(x), secondMoment(x)],
        [gaussianMatrix(options).apply(x), gaussianEmbedding(x, options)],
        [crossCovarianceMatrix(options).apply([x, y]), crossCovariance(x, y, options)],
      ] as [Tensor, Tensor][];
      for (const [ours, expected] of pairs) await expectClose(ours, await expected.data(), { relative: 0 });
    });

    it('in a row are bilinear pooling', async () => {
      const x = seededTensor([2, 5, 3], 'bilinear');
      const parts = sequential({
        layers: [
          secondMomentMatrix({ inputShape: [5, 3] }),
          layers.flatten(),
          signedSquareRoot({ epsilon: 1e-8 }),
          l2Normalization(),
        ],
      });
      await expectClose(parts.predict(x) as Tensor, await (bilinearPooling().apply(x) as Tensor).data());
    });

    it('have the shapes that they say', () => {
      expect(secondMomentMatrix().computeOutputShape([null, null, null, 8])).toEqual([null, 8, 8]);
      expect(gaussianMatrix().computeOutputShape([null, null, 8])).toEqual([null, 9, 9]);
      const shapes = [
        [null, 49, 6],
        [null, 49, 4],
      ];
      expect(crossCovarianceMatrix().computeOutputShape(shapes)).toEqual([null, 6, 4]);
      expect(fromTriu().computeOutputShape([null, 36])).toEqual([null, 8, 8]);
    });

    it('undo each other, triangles and matrices', async () => {
      const x = seededTensor([2, 6], 'triangles');
      const order = 'columns';
      const there = fromTriu({ order }).apply(x) as Tensor;
      expect(there.shape).toEqual([2, 3, 3]);
      await expectClose(triu({ order }).apply(there) as Tensor, await x.data(), { relative: 0 });
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

    it.each([
      ['gaussianMatrix', () => gaussianMatrix({ beta: 2, inputShape: [3, 3] })],
      ['signedSquareRoot', () => signedSquareRoot({ epsilon: 0.1, inputShape: [3, 3] })],
      ['l2Normalization', () => l2Normalization({ inputShape: [3, 3] })],
      ['secondMomentMatrix', () => secondMomentMatrix({ inputShape: [3, 3] })],
    ])('train, save and reload: %s', (_, first) =>
      expectTrainsAndReloads(() => [first(), triu({ order: 'columns' })], [3, 3]),
    );

    it('take two inputs, and are what their configuration says', async () => {
      const inputs = [input({ shape: [5, 3] }), input({ shape: [5, 2] })];
      const cross = crossCovarianceMatrix({ centering: 'none' });
      const net = model({ inputs, outputs: cross.apply(inputs) as SymbolicTensor });
      const copy = crossCovarianceMatrix(cross.getConfig() as CrossCovarianceMatrixConfig);
      const x = [seededTensor([1, 5, 3], 'x'), seededTensor([1, 5, 2], 'y')];
      expect(net.outputs[0]!.shape).toEqual([null, 3, 2]);
      await expectClose(net.predict(x) as Tensor, await (copy.apply(x) as Tensor).data(), { relative: 0 });
    });

    it('train, save and reload in parts', () =>
      expectTrainsAndReloads(() => [covarianceMatrix({ inputShape: [6, 3] }), triu()], [6, 3]));
  });

  describe('rejects', () => {
    it('options that cannot work', async () => {
      await expectCovpoolError(() => gaussianMatrix({ name: 'g', beta: 0 }), 'bad-argument', /g: beta must be/);
      await expectCovpoolError(() => signedSquareRoot({ epsilon: -1 }), 'bad-argument', /epsilon must be/);
      await expectCovpoolError(() => triu({ order: 'lower' as TriuOrder }), 'bad-argument', /unknown order 'lower'/);
      const centering = 'row' as Centering;
      await expectCovpoolError(() => crossCovarianceMatrix({ centering }), 'bad-argument', /unknown centering 'row'/);
    });

    it('an option that plain covariance has not', () =>
      expectCovpoolError(
        () => pooling('cov', { iterations: 3 }),
        'bad-argument',
        /pooling 'cov': unknown option 'iterations'/,
      ));
  });
});
