import { modelState } from '@covpool/core';
import { describeEngines, expectClose, expectNoLeak, reloaded, seededTensor } from '@covpool/testing';
import {
  add,
  conv2d,
  maxPool,
  mean,
  type Scalar,
  square,
  type Tensor,
  tensor,
  type Tensor4D,
  type Variable,
  variableGrads,
} from '@tensorflow/tfjs-core';
import { input, model, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { fpn } from './index.ts';

const resnet50 = [256, 512, 1024, 2048];
const shapes = [
  [1, 9, 12, 3],
  [1, 5, 6, 4],
  [1, 3, 3, 5],
];
const stages = (): Tensor4D[] => shapes.map((shape, i) => seededTensor(shape, 'stage', i) as Tensor4D);

describeEngines('fpn', () => {
  describe('values', () => {
    it('adds laterals to what comes from above and smooths them', async () => {
      const layer = fpn({ name: 'neck', channels: 2, inputs: 3, levels: 4 });
      const [c2, c3, c4] = stages();
      const found = layer.apply([c2!, c3!, c4!]) as Tensor4D[];
      const [l0, b0, l1, b1, l2, b2, s0, d0, s1, d1, s2, d2] = modelState(layer).map(
        ({ variable }) => variable.read() as Tensor4D,
      );
      const lateral = (x: Tensor4D, w: Tensor4D, b: Tensor) => add(conv2d(x, w, 1, 'valid'), b) as Tensor4D;
      const smooth = (x: Tensor4D, w: Tensor4D, b: Tensor) => add(conv2d(x, w, 1, 'same'), b) as Tensor4D;
      const values = async (x: Tensor4D) => (await x.array()) as number[][][][];
      const enlarged = (above: number[][][][], height: number, width: number) => {
        const rows = above[0]!;
        return Array.from({ length: height * width }, (_, i) => {
          const y = Math.floor((Math.floor(i / width) * rows.length) / height);
          return rows[y]![Math.floor(((i % width) * rows[0]!.length) / width)]!;
        }).flat();
      };
      const top = lateral(c4!, l2!, b2!);
      await expectClose(found[2]!, await smooth(top, s2!, d2!).data());
      const middle = lateral(c3!, l1!, b1!);
      const fromTop = enlarged(await values(top), 5, 6);
      const sum = Float32Array.from(await middle.data(), (value, i) => value + fromTop[i]!);
      const merged = tensor(sum, [1, 5, 6, 2]) as Tensor4D;
      await expectClose(found[1]!, await smooth(merged, s1!, d1!).data());
      const fromMiddle = enlarged(await values(merged), 9, 12);
      const bottom = await lateral(c2!, l0!, b0!).data();
      const finest = tensor(
        Float32Array.from(bottom, (value, i) => value + fromMiddle[i]!),
        [1, 9, 12, 2],
      ) as Tensor4D;
      await expectClose(found[0]!, await smooth(finest, s0!, d0!).data());
      await expectClose(found[3]!, await maxPool(found[2]!, 1, 2, 'valid').data());
    });
  });

  describe('properties', () => {
    it('has 984,064 + 2,360,320 parameters on ResNet-50 (spec 3)', () => {
      const layer = fpn({ name: 'neck', inputs: 4, levels: 5 });
      const state =
        layer.apply(resnet50.map((channels) => input({ shape: [null, null, channels] }))) && modelState(layer);
      const count = (part: string) =>
        state
          .filter(({ name }) => name.startsWith(`neck.${part}`))
          .reduce(
            (total, { variable }) => total + variable.shape.reduce<number>((size, extent) => size * extent!, 1),
            0,
          );
      expect([count('lateral_convs'), count('fpn_convs')]).toEqual([984_064, 2_360_320]);
      expect(layer.countParams()).toBe(984_064 + 2_360_320);
    });

    it('names its weights as mmdetection does', () => {
      const layer = fpn({ name: 'neck', inputs: 1, channels: 2 });
      layer.apply(seededTensor([1, 2, 2, 3], 'names'));
      expect(modelState(layer).map(({ name }) => name)).toEqual([
        'neck.lateral_convs.0.conv.weight',
        'neck.lateral_convs.0.conv.bias',
        'neck.fpn_convs.0.conv.weight',
        'neck.fpn_convs.0.conv.bias',
      ]);
    });

    it('knows its shapes: P2 to P6 of an 800×1344 picture (spec 4)', () => {
      const layer = fpn({ inputs: 4, levels: 5 });
      const inputs = resnet50.map((channels, i) => [1, 200 / 2 ** i, 336 / 2 ** i, channels]);
      expect(layer.computeOutputShape(inputs)).toEqual([
        [1, 200, 336, 256],
        [1, 100, 168, 256],
        [1, 50, 84, 256],
        [1, 25, 42, 256],
        [1, 13, 21, 256],
      ]);
    });

    it('is saved and loaded as part of a LayersModel', async () => {
      const build = () => {
        const pictures = shapes.map((shape) => input({ shape: shape.slice(1) }));
        const outputs = fpn({ name: 'neck', channels: 2, inputs: 3, levels: 4 }).apply(pictures) as SymbolicTensor[];
        return model({ inputs: pictures, outputs });
      };
      const net = build();
      const again = await reloaded(net);
      const expected = net.predict(stages()) as Tensor[];
      for (const [i, level] of (again.predict(stages()) as Tensor[]).entries()) {
        await expectClose(level, await expected[i]!.data());
      }
    });
  });

  describe('gradient', () => {
    it('reaches every weight', async () => {
      const layer = fpn({ channels: 2, inputs: 3, levels: 4 });
      const features = stages();
      layer.apply(features);
      const variables = layer.trainableWeights.map((weight) => weight.read() as Variable);
      const loss = () =>
        (layer.apply(features) as Tensor[]).map((p) => mean(square(p))).reduce((a, b) => add(a, b)) as Scalar;
      const { grads } = variableGrads(loss, variables);
      expect(Object.keys(grads)).toHaveLength(12);
      for (const gradient of Object.values(grads)) {
        expect(Math.max(...Array.from(await gradient.data(), Math.abs))).toBeGreaterThan(0);
      }
    });
  });

  describe('rejects', () => {
    it('fewer levels than inputs, no channels, and another number of inputs', () => {
      expect(() => fpn({ name: 'n', inputs: 3, levels: 2 })).toThrow('n: channels and inputs must be positive');
      expect(() => fpn({ name: 'n', inputs: 3, channels: 0 })).toThrow('n: channels and inputs must be positive');
      expect(() => fpn({ name: 'n', inputs: 3 }).apply(stages().slice(1))).toThrow(
        'n: 3 inputs [B,H,W,C] are required',
      );
    });
  });

  describe('memory', () => {
    it('leaks nothing', () => {
      const layer = fpn({ channels: 2, inputs: 3, levels: 5 });
      const features = stages();
      return expectNoLeak(() => {
        for (const level of layer.apply(features) as Tensor[]) level.dispose();
      });
    });
  });
});
