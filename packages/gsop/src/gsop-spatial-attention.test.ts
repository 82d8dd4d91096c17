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
  toMatrix,
} from '@covpool/testing';
import { grad, mul, slice, sum, type Tensor, type Variable, variableGrads, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { gsopSpatialAttention, type GsopSpatialAttention } from './gsop-spatial-attention.ts';
import { seedWeights, weightName } from './layer-weights.fixture.ts';
import { type Picture, spatialAttentionOracle, type Weights } from './oracle.fixture.ts';

const [channels, dim] = [4, 5];

/** A batch of two pictures from its values. */
const pictures = (values: number[], width: number): Picture[] => {
  const rows = toMatrix(values, channels);
  return [rows.slice(0, rows.length / 2), rows.slice(rows.length / 2)].map((half) => ({ rows: half, width }));
};

function seeded(reference = false): { layer: GsopSpatialAttention; weights: Weights } {
  const layer = gsopSpatialAttention({ dim, reference });
  layer.build([null, null, null, channels]);
  return { layer, weights: seedWeights(layer) };
}

describeEngines('gsopSpatialAttention', () => {
  const x = (height = 3, width = 5) => seededTensor([2, height, width, channels], 'features');

  describe('values', () => {
    it.each([
      [3, 5, false, false],
      [3, 5, false, true],
      [3, 5, true, false],
      [10, 9, false, false],
      [8, 8, true, true],
    ])(
      'are those of the definition, %i×%i, reference %s, training %s (spec 7.3)',
      async (h, w, reference, training) => {
        const { layer, weights } = seeded(reference);
        const features = x(h, w);
        const batch = pictures([...(await features.data())], w);
        const expected = spatialAttentionOracle(batch, reference, { weights, training });
        await expectClose(layer.apply(features, { training }) as Tensor, expected.flatMap(flatten));
      },
    );

    it('are half the rectified features where the row kernels and all biases are 0 (spec 7.6)', async () => {
      const layer = gsopSpatialAttention({ dim });
      layer.build([null, null, null, channels]);
      for (const { name, variable } of layer.stateEntries()) {
        if (/row_conv_group.*weight|\.bias$/.test(name)) variable.write(zeros(variable.shape as number[]));
      }
      const features = x();
      const halves = (await features.data()).map((value) => Math.max(value, 0) / 2);
      await expectClose(layer.apply(features) as Tensor, halves);
    });

    it('have weights for 64 positions, whatever the features (spec 7.3)', () => {
      const layer = gsopSpatialAttention();
      layer.build([null, null, null, 256]);
      const count = layer.trainableWeights.reduce((n, { shape }) => n + shape.reduce<number>((p, e) => p * e!, 1), 0);
      const rows = 2 * 64 + (64 * 256 + 256) + (256 * 64 + 64);
      expect(count).toBe(256 * 128 + 128 + 2 * 128 + rows);
      expect(rows).toBe(33_216);
    });
  });

  describe('properties', () => {
    it.each([false, true])('are finite for zeros, reference %s, in training too', async (reference) => {
      const { layer } = seeded(reference);
      const y = layer.apply(zeros([2, 3, 3, channels]), { training: true }) as Tensor;
      await expectClose(y, new Array<number>(18 * channels).fill(0));
    });

    it('treat each picture by itself outside of training', async () => {
      const { layer } = seeded();
      const features = x();
      const together = await (layer.apply(features) as Tensor).data();
      const alone = layer.apply(slice(features, [1, 0, 0, 0], [1, 3, 5, channels])) as Tensor;
      await expectClose(alone, together.slice(together.length / 2));
    });

    it('take maps of any extent and keep their shape', () => {
      const layer = gsopSpatialAttention({ dim });
      expect(layer.computeOutputShape([null, null, null, channels])).toEqual([null, null, null, channels]);
      expect((layer.apply(zeros([2, 13, 1, channels])) as Tensor).shape).toEqual([2, 13, 1, channels]);
    });

    it("name the weights as the authors' code does", () => {
      const { layer } = seeded();
      const names = layer.stateEntries().map((entry) => weightName(layer, entry));
      expect(names.filter((name) => name.endsWith('.weight'))).toEqual([
        'conv_for_DR_spatial.weight',
        'bn_for_DR_spatial.weight',
        'row_bn_for_spatial.weight',
        'row_conv_group_for_spatial.weight',
        'fc_adapt_channels_for_spatial.weight',
      ]);
    });

    it('train, save and reload', () =>
      expectTrainsAndReloads(
        () => [gsopSpatialAttention({ dim: 4, reference: true, inputShape: [4, 4, 6] }), globalAveragePooling()],
        [4, 4, 6],
      ));
  });

  describe('gradient', () => {
    it.each([
      [false, false],
      [true, false],
      [false, true],
    ])('of the features is the derivative, reference %s, training %s', async (reference, training) => {
      const { layer, weights } = seeded(reference);
      const [features, g] = [x(2, 3), seededTensor([2, 2, 3, channels], 'g')];
      const direction = toMatrix(await g.data(), channels);
      const value = (values: number[]) =>
        inner(spatialAttentionOracle(pictures(values, 3), reference, { weights, training }).flat(), direction);
      const ours = grad((map: Tensor) => sum(mul(layer.apply(map, { training }) as Tensor, g)))(features);
      await expectClose(ours, numericGradient(value, await features.data()));
    });

    it('of the weights is the derivative', async () => {
      const { layer, weights } = seeded();
      const [features, g] = [x(2, 3), seededTensor([2, 2, 3, channels], 'g')];
      const direction = toMatrix(await g.data(), channels);
      const batch = pictures([...(await features.data())], 3);
      const { grads } = variableGrads(() => sum(mul(layer.apply(features) as Tensor, g)));
      // The large kernels have some 16,000 entries each, which the test of the channel block covers in small.
      const checked = ['conv_for_DR_spatial.weight', 'bn_for_DR_spatial.bias', 'row_bn_for_spatial.weight'];
      // By the bias it is 0.16 for other g, and 0.005 for this one: terms of that size cancel, and a sum of a thousand products errs by
      // some √1000·2⁻²⁴ of its terms.
      const cancelled = 0.16 * Math.sqrt(1000) * 2 ** -24;
      for (const entry of layer.stateEntries().filter((each) => checked.includes(weightName(layer, each)))) {
        const name = weightName(layer, entry);
        const value = (values: number[]) =>
          inner(
            spatialAttentionOracle(batch, false, { weights: { ...weights, [name]: values }, training: false }).flat(),
            direction,
          );
        const ours = grads[(entry.variable.read() as Variable).name]!;
        await expectClose(ours, numericGradient(value, weights[name]!), { absolute: cancelled });
      }
    });
  });

  describe('rejects', () => {
    it('useless options and shapes', async () => {
      await expectCovpoolError(() => gsopSpatialAttention({ dim: -1 }), 'bad-argument', /dim must be .*got -1/);
      await expectCovpoolError(
        () => gsopSpatialAttention({ name: 'a' }).apply(zeros([2, 3, 4])),
        'bad-argument',
        /a: features must be \[B,H,W,C\] with known C, got \[2,3,4\]/,
      );
      await expectCovpoolError(
        () => attention('gsop-spatial', { strides: 2 }),
        'bad-argument',
        /unknown option 'strides'; it has: name, dim, reference/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const layer = gsopSpatialAttention({ dim });
      const features = x();
      await expectNoLeak(() => (layer.apply(features) as Tensor).dispose());
      await expectNoLeak(() =>
        grad((map: Tensor) => sum(layer.apply(map, { training: true }) as Tensor))(features).dispose(),
      );
    });
  });
});
