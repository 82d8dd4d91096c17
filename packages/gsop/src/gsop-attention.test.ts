import { attention, globalAveragePooling } from '@covpool/core';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  seededTensor,
} from '@covpool/testing';
import { grad, mul, sum, type Tensor, tensor, type Tensor1D, type Tensor4D, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { groupedConvolution } from './grouped-convolution.ts';
import { gsopAttention, type GsopAttention, type GsopFusion } from './gsop-attention.ts';
import { gsopChannelAttention } from './gsop-channel-attention.ts';
import { gsopSpatialAttention } from './gsop-spatial-attention.ts';
import { seedWeights, weightName } from './layer-weights.fixture.ts';

const [channels, dim] = [6, 3];
const fusions: GsopFusion[] = ['average', 'max', 'concat'];
const shape = [null, null, null, channels];
const x = () => seededTensor([2, 4, 3, channels], 'features');

function seeded(fusion: GsopFusion): GsopAttention {
  const layer = gsopAttention({ dim, fusion, strides: 2, reference: true });
  layer.build(shape);
  seedWeights(layer);
  return layer;
}

/** What the two blocks give; weights of the same name are the same. */
function branches(features: Tensor): [Tensor, Tensor] {
  const [channel, spatial] = [
    gsopChannelAttention({ dim, strides: 2 }),
    gsopSpatialAttention({ dim, reference: true }),
  ];
  for (const layer of [channel, spatial]) {
    layer.build(shape);
    seedWeights(layer);
  }
  return [channel.apply(features) as Tensor, spatial.apply(features) as Tensor];
}

describeEngines('gsopAttention', () => {
  describe('values', () => {
    it.each([
      ['average', (a: number, b: number) => a + b],
      ['max', Math.max],
    ] as const)('of %s are those of both blocks, place by place (spec 7.4)', async (fusion, fuse) => {
      const features = x();
      const [channel, spatial] = await Promise.all(branches(features).map((branch) => branch.data()));
      const expected = channel!.map((value, i) => fuse(value, spatial![i]!));
      await expectClose(seeded(fusion).apply(features) as Tensor, expected);
    });

    it('of concat are two grouped convolutions, summed and normalised (spec 7.4)', async () => {
      const features = x();
      const layer = seeded('concat');
      const weight = (name: string) =>
        layer
          .stateEntries()
          .find((entry) => weightName(layer, entry) === name)!
          .variable.read();
      const convolved = await Promise.all(
        branches(features).map((branch, i) => {
          const name = `dilate_conv_for_concat${i + 1}`;
          const [filter, bias] = [weight(`${name}.weight`) as Tensor4D, weight(`${name}.bias`) as Tensor1D];
          // Fewer than 64 channels are one group, with a kernel of 15 rows.
          expect(filter.shape).toEqual([15, 1, channels, channels]);
          return groupedConvolution(branch as Tensor4D, filter, bias, 1).data();
        }),
      );
      const [gamma, beta, mu, variance] = await Promise.all(
        ['weight', 'bias', 'running_mean', 'running_var'].map((name) => weight(`bn_for_concat.${name}`).data()),
      );
      const expected = convolved[0]!.map((value, i) => {
        const c = i % channels;
        return (gamma![c]! * (value + convolved[1]![i]! - mu![c]!)) / Math.sqrt(variance![c]! + 1e-5) + beta![c]!;
      });
      await expectClose(layer.apply(features) as Tensor, expected);
    });
  });

  describe('properties', () => {
    it.each(fusions)('of %s are finite for zeros and keep the shape', async (fusion) => {
      const layer = seeded(fusion);
      const y = layer.apply(zeros([2, 5, 2, channels]), { training: true }) as Tensor;
      expect(y.shape).toEqual([2, 5, 2, channels]);
      expect((await y.data()).every(Number.isFinite)).toBe(true);
      expect(layer.computeOutputShape(shape)).toEqual(shape);
    });

    it("has the weights of both blocks under the authors' names", () => {
      const layer = seeded('concat');
      const names = layer.stateEntries().map((entry) => weightName(layer, entry));
      expect(names.filter((name) => name.endsWith('.weight'))).toEqual([
        'conv_for_DR.weight',
        'bn_for_DR.weight',
        'row_bn.weight',
        'row_conv_group.weight',
        'fc_adapt_channels.weight',
        'conv_for_DR_spatial.weight',
        'bn_for_DR_spatial.weight',
        'row_bn_for_spatial.weight',
        'row_conv_group_for_spatial.weight',
        'fc_adapt_channels_for_spatial.weight',
        'dilate_conv_for_concat1.weight',
        'dilate_conv_for_concat2.weight',
        'bn_for_concat.weight',
      ]);
    });

    it.each(fusions)('train, save and reload, %s', (fusion) =>
      expectTrainsAndReloads(
        () => [gsopAttention({ dim: 4, fusion, inputShape: [4, 4, 6] }), globalAveragePooling()],
        [4, 4, 6],
      ),
    );
  });

  describe('gradient', () => {
    it.each(['average', 'max'] as const)('of %s is that of both blocks', async (fusion) => {
      const features = x();
      const ours = grad((map: Tensor) => sum(seeded(fusion).apply(map) as Tensor))(features);
      const [channel, spatial] = await Promise.all(branches(features).map((branch) => branch.data()));
      const taken = (mine: ArrayLike<number>, other: ArrayLike<number>) =>
        tensor(
          Array.from(mine, (value, k) => (fusion === 'average' || value > other[k]! ? 1 : 0)),
          features.shape,
        );
      const masks = [taken(channel!, spatial!), taken(spatial!, channel!)];
      const expected = await Promise.all(
        masks.map((mask, i) => grad((map: Tensor) => sum(mul(branches(map)[i]!, mask)))(features).data()),
      );
      await expectClose(
        ours,
        expected[0]!.map((value, i) => value + expected[1]![i]!),
      );
    });
  });

  describe('rejects', () => {
    it('an unknown fusion, and channels that the groups do not fit', async () => {
      await expectCovpoolError(
        () => attention('gsop', { name: 'a', fusion: 'sum' }),
        'bad-argument',
        /a: fusion must be one of average, max, concat, got sum/,
      );
      await expectCovpoolError(
        () => gsopAttention({ name: 'a', fusion: 'concat' }).apply(zeros([1, 2, 2, 200])),
        'bad-argument',
        /a.dilate_conv_for_concat1: 3 groups .* do not fit 200 channels; take another fusion/,
      );
    });
  });

  describe('memory', () => {
    it.each(fusions)('keeps nothing but what it returns, %s', async (fusion) => {
      const layer = seeded(fusion);
      const features = x();
      await expectNoLeak(() => (layer.apply(features) as Tensor).dispose());
      await expectNoLeak(() =>
        grad((map: Tensor) => sum(layer.apply(map, { training: true }) as Tensor))(features).dispose(),
      );
    });
  });
});
