import { attention, globalAveragePooling } from '@covpool/core';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  flatten,
  inner,
  numericGradient,
  seededTensor,
  seededValues,
  toMatrix,
} from '@covpool/testing';
import {
  fill,
  grad,
  mul,
  slice,
  sum,
  type Tensor,
  tensor,
  type Variable,
  variableGrads,
  zeros,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { gsopChannelAttention, type GsopChannelAttention } from './gsop-channel-attention.ts';
import { seedWeights, weightName } from './layer-weights.fixture.ts';
import { channelAttentionOracle, type Picture, type Weights } from './oracle.fixture.ts';

const [height, width, channels, dim] = [4, 3, 5, 3];

/** A batch of two pictures from its values [2,4,3,5]. */
const pictures = (values: number[]): Picture[] =>
  [0, 1].map((b) => ({ rows: toMatrix(values, channels).slice(b * height * width, (b + 1) * height * width), width }));

function seeded(strides = 1): { layer: GsopChannelAttention; weights: Weights } {
  const layer = gsopChannelAttention({ dim, strides });
  layer.build([null, null, null, channels]);
  return { layer, weights: seedWeights(layer) };
}

/** Channels, `dim`, the sum of spec 7.1. */
const sizes = [
  [64, 16, 6_352],
  [256, 128, 230_784],
  [2048, 128, 1_379_456],
] as const;

describeEngines('gsopChannelAttention', () => {
  const x = () => seededTensor([2, height, width, channels], 'features');

  describe('values', () => {
    it('are half the features where the row kernels and all biases are 0 (spec 7.6)', async () => {
      const layer = gsopChannelAttention({ dim });
      layer.build([null, null, null, channels]);
      for (const { name, variable } of layer.stateEntries()) {
        if (name.endsWith('row_conv_group.weight') || name.endsWith('.bias')) {
          variable.write(zeros(variable.shape as number[]));
        }
      }
      const features = x();
      const halves = (await features.data()).map((value) => value / 2);
      await expectClose(layer.apply(features) as Tensor, halves);
      await expectClose(layer.apply(features, { training: true }) as Tensor, halves);
    });

    it.each([
      [1, false],
      [1, true],
      [2, false],
      [2, true],
    ])('are those of the nine steps, stride %i, training %s (spec 7.1)', async (strides, training) => {
      const { layer, weights } = seeded(strides);
      const features = x();
      const expected = channelAttentionOracle(pictures([...(await features.data())]), strides, { weights, training });
      await expectClose(layer.apply(features, { training }) as Tensor, expected.flatMap(flatten));
    });

    it.each(sizes)('have as many weights as published, %i channels, dim %i (spec 7.1)', (outer, c, published) => {
      const layer = gsopChannelAttention({ dim: c });
      layer.build([null, null, null, outer]);
      const count = layer.trainableWeights.reduce(
        (total, { shape }) => total + shape.reduce<number>((p, n) => p * n!, 1),
        0,
      );
      expect(count).toBe(published);
      expect(published).toBe(outer * c + c + 2 * c + 2 * c + 4 * c * c + 4 * c + 4 * c * outer + outer);
    });
  });

  describe('properties', () => {
    it('of constant maps do not depend on the constant outside of training (spec 7.6)', async () => {
      const { layer } = seeded();
      const ratios = async (constant: number) =>
        (await (layer.apply(fill([1, 3, 3, channels], constant)) as Tensor).data()).map((value) => value / constant);
      await expectClose(await ratios(7), await ratios(0.25));
      await expectClose(await ratios(-2), await ratios(0.25));
    });

    it('are finite for zeros, in training too', async () => {
      const { layer } = seeded();
      const features = zeros([2, 3, 3, channels]);
      await expectClose(layer.apply(features, { training: true }) as Tensor, new Array<number>(90).fill(0));
    });

    it('treat each picture by itself outside of training', async () => {
      const { layer } = seeded();
      const features = x();
      const together = await (layer.apply(features) as Tensor).data();
      const alone = layer.apply(slice(features, [1, 0, 0, 0], [1, height, width, channels])) as Tensor;
      await expectClose(alone, together.slice(together.length / 2));
    });

    it('take maps of any extent and keep their shape', () => {
      const layer = gsopChannelAttention({ dim, strides: 2 });
      expect(layer.computeOutputShape([null, null, null, channels])).toEqual([null, null, null, channels]);
      expect((layer.apply(zeros([2, 7, 5, channels])) as Tensor).shape).toEqual([2, 7, 5, channels]);
      expect((layer.apply(zeros([1, 1, 1, channels])) as Tensor).shape).toEqual([1, 1, 1, channels]);
    });

    it("name the weights as the authors' code does", () => {
      const { layer } = seeded();
      expect(layer.stateEntries().map((entry) => weightName(layer, entry))).toEqual([
        'conv_for_DR.weight',
        'conv_for_DR.bias',
        'bn_for_DR.weight',
        'bn_for_DR.bias',
        'bn_for_DR.running_mean',
        'bn_for_DR.running_var',
        'row_bn.weight',
        'row_bn.bias',
        'row_bn.running_mean',
        'row_bn.running_var',
        'row_conv_group.weight',
        'row_conv_group.bias',
        'fc_adapt_channels.weight',
        'fc_adapt_channels.bias',
      ]);
      // [columns, 1, 1, 4·rows] is [4·rows, 1, columns, 1] in PyTorch.
      const kernel = layer.stateEntries().find(({ name }) => name.endsWith('row_conv_group.weight'))!;
      expect(kernel.toTorch!.map((axis) => kernel.variable.shape[axis])).toEqual([4 * dim, 1, dim, 1]);
    });

    it('train, save and reload', () =>
      expectTrainsAndReloads(
        () => [gsopChannelAttention({ dim: 4, strides: 2, inputShape: [4, 4, 6] }), globalAveragePooling()],
        [4, 4, 6],
      ));
  });

  describe('gradient', () => {
    it.each([false, true])('of the features is the derivative of the nine steps, training %s', async (training) => {
      const { layer, weights } = seeded();
      const [features, g] = [x(), seededTensor([2, height, width, channels], 'g')];
      const direction = toMatrix(await g.data(), channels);
      const value = (values: number[]) =>
        inner(channelAttentionOracle(pictures(values), 1, { weights, training }).flat(), direction);
      const ours = grad((map: Tensor) => sum(mul(layer.apply(map, { training }) as Tensor, g)))(features);
      await expectClose(ours, numericGradient(value, await features.data()));
    });

    it('of each weight is the derivative of the nine steps', async () => {
      const { layer, weights } = seeded();
      const [features, g] = [x(), seededTensor([2, height, width, channels], 'g')];
      const direction = toMatrix(await g.data(), channels);
      const batch = pictures([...(await features.data())]);
      const { grads } = variableGrads(() => sum(mul(layer.apply(features) as Tensor, g)));
      for (const entry of layer.stateEntries().filter(({ variable }) => variable.trainable)) {
        const name = weightName(layer, entry);
        const value = (values: number[]) =>
          inner(
            channelAttentionOracle(batch, 1, { weights: { ...weights, [name]: values }, training: false }).flat(),
            direction,
          );
        const ours = grads[(entry.variable.read() as Variable).name]!;
        await expectClose(ours, numericGradient(value, weights[name]!));
      }
    });
  });

  describe('rejects', () => {
    it('useless options and shapes', async () => {
      await expectCovpoolError(
        () => gsopChannelAttention({ name: 'a', dim: 0 }),
        'bad-argument',
        /a: dim must be a positive whole number, got 0/,
      );
      await expectCovpoolError(
        () => gsopChannelAttention({ strides: 1.5 }),
        'bad-argument',
        /strides must be .*got 1.5/,
      );
      await expectCovpoolError(
        () => gsopChannelAttention({ name: 'a' }).apply(zeros([2, 3, 4])),
        'bad-argument',
        /a: features must be \[B,H,W,C\] with known C, got \[2,3,4\]/,
      );
      await expectCovpoolError(
        () => attention('gsop-channel', { fusion: 'max' }),
        'bad-argument',
        /attention 'gsop-channel': unknown option 'fusion'; it has: name, dim, strides/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const layer = gsopChannelAttention({ dim });
      const features = tensor(seededValues(60, 'memory'), [1, 4, 3, 5]);
      await expectNoLeak(() => (layer.apply(features) as Tensor).dispose());
      await expectNoLeak(() =>
        grad((map: Tensor) => sum(layer.apply(map, { training: true }) as Tensor))(features).dispose(),
      );
    });
  });
});
