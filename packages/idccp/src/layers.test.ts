import { Conv2d, Linear, modelState, normalization, pooling, type Retraction, withSeed } from '@covpool/core';
import { covarianceMatrix, covariancePooling, triu } from '@covpool/covariance/layers';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectTrainsAndReloads,
  flatten,
  identity,
  reloaded,
  seededTensor,
  times,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { type Tensor, type Tensor4D } from '@tensorflow/tfjs-core';
import { type LayersModel, sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { d4Elements, d4Transform } from './d4.ts';
import { biMapNormalization, idccpPooling, siamese } from './layers.ts';

const trunk = (): LayersModel =>
  withSeed(3, () =>
    sequential({
      name: 'trunk',
      layers: [new Conv2d({ name: 'conv1', filters: 6, kernelSize: 3, inputShape: [6, 6, 2] })],
    }),
  );

const classifier = (): LayersModel =>
  withSeed(3, () => {
    const net = trunk() as ReturnType<typeof sequential>;
    net.add(pooling('idccp', { name: 'pool', transforms: 8, compressedDim: 3 }));
    net.add(new Linear({ name: 'fc', units: 4 }));
    return net;
  });

describeEngines('idccpPooling', () => {
  describe('values', () => {
    it('are 2,080 where covariance pooling has 131,328: 1.58 % (spec 8.1)', () => {
      const projected = idccpPooling({ projection: 512 }).computeOutputShape([null, 7, 7, 2048])[1]!;
      const full = covariancePooling().computeOutputShape([null, 7, 7, 512])[1]!;
      expect([projected, full, ((100 * projected) / full).toFixed(2)]).toEqual([2080, 131328, '1.58']);
    });

    it('come from a weight that starts orthonormal and declares its manifold (spec 8.2)', async () => {
      const layer = withSeed(1, () => idccpPooling({ name: 'pool', projection: 12, retraction: 'polar' }));
      layer.build([null, 4, 4, 20]);
      const state = modelState(layer);
      expect(state.map(({ name, variable }) => [name, variable.shape])).toEqual([
        ['pool.orth_weight0', [12, 2]],
        ['pool.proj_conv.weight', [1, 1, 20, 12]],
        ['pool.proj_conv.bias', [12]],
      ]);
      expect(state[0]!.manifold).toEqual({ name: 'stiefel', retraction: 'polar' });
      const w = toMatrix(await state[0]!.variable.read().data(), 2);
      await expectClose(flatten(times(transpose(w), w)), flatten(identity(2)), { absolute: 1e-6 });
    });

    it('of groups and copies are as many descriptors as pictures', () => {
      const layer = idccpPooling({ transforms: 2, groups: 2, compressedDim: 2 });
      expect((layer.apply(seededTensor([6, 4, 4, 8], 'grouped')) as Tensor).shape).toEqual([3, 6]);
      expect(layer.computeOutputShape([6, 4, 4, 8])).toEqual([3, 6]);
    });
  });

  describe('properties', () => {
    it.each([{ dim: 6 }, { projection: 6, eigenNorm: 'batch', iterations: 3 }, { retraction: 'cayley' }])(
      'train, save and reload with %o',
      (options) =>
        expectTrainsAndReloads(
          () => [pooling('idccp', { ...options, compressedDim: 3, name: 'pool', inputShape: [4, 4, 8] })],
          [4, 4, 8],
        ),
    );
  });

  describe('rejects', () => {
    it.each([
      [{ compressedDim: 9 }, /compressedDim .* 8 channels, got 9/],
      [{ transforms: 0 }, /copies of a picture .*got 0/],
      [{ iterations: 0.5 }, /iterations .*got 0.5/],
      [{ retraction: 'exp' as Retraction }, /retraction .*got 'exp'/],
      [{ eigenNorm: 'l2' }, /norm must be 'image' or 'batch', got 'l2'/],
    ])('%o', (options, message) =>
      expectCovpoolError(
        () => pooling('idccp', { name: 'head', ...options }).apply(seededTensor([2, 3, 3, 8], 'rejects')),
        'bad-argument',
        message,
      ),
    );
  });
});

describeEngines('siamese', () => {
  const picture = (): Tensor4D => seededTensor([3, 6, 6, 2], 'picture') as Tensor4D;

  describe('values', () => {
    it('are the features of all copies, for a trunk', async () => {
      const [net, single] = [siamese(trunk()), trunk()];
      const features = net.predict(picture()) as Tensor;
      expect(features.shape).toEqual([24, 4, 4, 6]);
      const values = await features.data();
      const size = features.size / 8;
      for (const [g, element] of d4Elements.entries()) {
        const alone = single.predict(d4Transform(picture(), element)) as Tensor;
        await expectClose(alone, values.slice(g * size, (g + 1) * size));
      }
    });
  });

  describe('properties', () => {
    it('give a classifier logits that no element of D4 changes (spec 8.6)', async () => {
      const [net, plain] = [siamese(classifier()), pooling('idccp', { compressedDim: 3 })];
      const logits = async (x: Tensor4D): Promise<number[]> => [...(await (net.predict(x) as Tensor).data())];
      const expected = await logits(picture());
      expect(expected).toHaveLength(3 * 4);
      for (const g of d4Elements) await expectClose(await logits(d4Transform(picture(), g)), expected);
      // What a trunk without copies makes of a turned picture is something else.
      const single = async (x: Tensor4D) => [...(await (plain.apply(trunk().predict(x) as Tensor) as Tensor).data())];
      await expect(expectClose(await single(d4Transform(picture(), 'r')), await single(picture()))).rejects.toThrow(
        'differs by',
      );
    });

    it('share and name the weights as the network does', () => {
      const net = classifier();
      expect(modelState(siamese(net)).map(({ name }) => name)).toEqual(modelState(net).map(({ name }) => name));
    });

    it('train and reload', async () => {
      const net = siamese(classifier());
      net.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
      const before = [...(await (net.predict(picture()) as Tensor).data())];
      await net.trainOnBatch(picture(), seededTensor([3, 4], 'target'));
      const after = [...(await (net.predict(picture()) as Tensor).data())];
      expect(after).not.toEqual(before);
      const again = await reloaded(net);
      await expectClose(again.predict(picture()) as Tensor, after, { relative: 0 });
    });
  });

  describe('rejects', () => {
    it('networks that take no pictures', () =>
      expectCovpoolError(
        () => siamese(sequential({ layers: [new Linear({ name: 'fc', units: 2, inputShape: [3] })] })),
        'bad-argument',
        /one input \[B,S,S,C\], got \[,3\]/,
      ));
  });
});

describeEngines('normalizations of SPD networks', () => {
  describe('properties', () => {
    it.each([
      ['logeig', { floor: 1e-3 }],
      ['reeig', { lowest: 1e-3, highest: 2 }],
      ['bimap', { compressedDim: 2, retraction: 'cayley' }],
    ])('%s trains, saves and reloads in a row (spec 8.4)', (name, options) =>
      expectTrainsAndReloads(
        () => [covarianceMatrix({ inputShape: [9, 4] }), normalization(name, { ...options, name: 'norm' }), triu()],
        [9, 4],
      ),
    );

    it('stack as in SPDNet: BiMap halves, ReEig, LogEig (spec 8.4)', () =>
      expectTrainsAndReloads(
        () => [
          covarianceMatrix({ inputShape: [9, 5] }),
          normalization('bimap', { name: 'bimap' }),
          normalization('reeig', { name: 'reeig' }),
          normalization('logeig', { name: 'logeig' }),
          triu(),
        ],
        [9, 5],
      ));

    it('keep what they are given', () => {
      expect(normalization('reeig', { lowest: 0.1 }).getConfig()).toMatchObject({ lowest: 0.1, highest: 1e4 });
      expect(biMapNormalization().computeOutputShape([null, 5, 5])).toEqual([null, 3, 3]);
    });
  });

  describe('rejects', () => {
    it('sides above the matrices’', () =>
      expectCovpoolError(
        () => biMapNormalization({ name: 'compress', compressedDim: 6 }).build([null, 5, 5]),
        'bad-argument',
        /^compress: compressedDim .* 5 channels, got 6/,
      ));
  });
});
