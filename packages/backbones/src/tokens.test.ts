import { modelState, withSeed } from '@covpool/core';
import { describeEngines, expectClose, expectCovpoolError, expectNoLeak, seededTensor } from '@covpool/testing';
import { grad, sum, type Tensor, tensor, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { ClassToken, FirstToken } from './class-token.ts';
import { PatchMap } from './patch-map.ts';
import { PositionEmbedding } from './position-embedding.ts';
import { sinusoids } from './sinusoids.ts';

const map = () => tensor([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2]);

describeEngines('tokens', () => {
  describe('values', () => {
    it('are the class token and the positions of the map, row by row', async () => {
      const layer = new ClassToken({ name: 'cls_token' });
      layer.build([null, null, null, 2]);
      layer.setWeights([tensor([-1, -2], [1, 1, 2])]);
      const tokens = layer.apply(map()) as Tensor;
      expect(tokens.shape).toEqual([1, 5, 2]);
      await expectClose(tokens, [-1, -2, 1, 2, 3, 4, 5, 6, 7, 8]);
      await expectClose(new FirstToken({ name: 'first' }).apply(tokens) as Tensor, [-1, -2]);
      const back = new PatchMap({ name: 'patches', side: 2 }).apply(tokens) as Tensor;
      expect(back.shape).toEqual([1, 2, 2, 2]);
      await expectClose(back, await map().data());
    });

    it('get their positions added: PE[0] = (0, 1, 0, 1, …), PE[1,0] = sin 1 (spec 8.8)', async () => {
      const layer = new PositionEmbedding({ name: 'pos_embed', tokens: 3, trained: false });
      const y = await (layer.apply(zeros([2, 3, 4])) as Tensor).data();
      await expectClose(y.slice(0, 4), [0, 1, 0, 1]);
      await expectClose(y.slice(4, 8), [0.841471, 0.540302, Math.sin(0.01), Math.cos(0.01)], { absolute: 1e-6 });
      await expectClose(y.slice(8, 10), [Math.sin(2), Math.cos(2)]);
      await expectClose(y.slice(12), y.slice(0, 12), { relative: 0 });
    });

    it('of the class begin as N(0, 0.02²), as do trained positions', async () => {
      const layer = withSeed(3, () => new PositionEmbedding({ name: 'pos_embed', tokens: 100, trained: true }));
      layer.build([null, null, 128]);
      const values: number[] = [...(await layer.weights[0]!.read().data())];
      const deviation = Math.sqrt(values.reduce((p, q) => p + q * q, 0) / values.length);
      // Five standard errors of a deviation estimated from 12,800 values.
      expect(Math.abs(deviation / 0.02 - 1)).toBeLessThan(5 / Math.sqrt(2 * 12_800));
    });
  });

  describe('properties', () => {
    it('have weights under the names of the layers alone, fixed positions never trained', () => {
      const layers = [
        new ClassToken({ name: 'cls_token' }),
        new PositionEmbedding({ name: 'pos_embed', tokens: 5, trained: true }),
        new PositionEmbedding({ name: 'pos_embed', tokens: 5, trained: false }),
      ];
      layers[0]!.build([null, 2, 2, 3]);
      for (const layer of layers.slice(1)) layer.build([null, 5, 3]);
      const state = layers.flatMap((layer) => modelState(layer));
      expect(state.map(({ name, variable, buffer }) => [name, variable.shape, buffer])).toEqual([
        ['cls_token', [1, 1, 3], false],
        ['pos_embed', [1, 5, 3], false],
        ['pos_embed', [1, 5, 3], true],
      ]);
      expect(layers.map((layer) => layer.trainableWeights.length)).toEqual([1, 1, 0]);
    });

    it('say what comes out, and come back from their configurations', () => {
      expect(new ClassToken({ name: 'c' }).computeOutputShape([null, 3, 4, 5])).toEqual([null, 13, 5]);
      expect(new ClassToken({ name: 'c' }).computeOutputShape([null, null, null, 5])).toEqual([null, null, 5]);
      expect(new FirstToken({ name: 'f' }).computeOutputShape([null, 13, 5])).toEqual([null, 5]);
      expect(new PatchMap({ name: 'p', side: 3 }).computeOutputShape([null, null, 5])).toEqual([null, 3, 3, 5]);
      const config = { name: 'pos_embed', tokens: 5, trained: true };
      expect(new PositionEmbedding(config).getConfig()).toMatchObject(config);
      expect(new PatchMap({ name: 'p', side: 3 }).getConfig()).toMatchObject({ side: 3 });
    });

    it('of the fixed table have unit length in each pair of channels', () => {
      const table = sinusoids(7, 6);
      for (let i = 0; i < table.length; i += 2) expect(Math.hypot(table[i]!, table[i + 1]!)).toBeCloseTo(1, 12);
    });
  });

  describe('gradient', () => {
    it('of the class token is the sum over the batch; of the map what comes behind it', async () => {
      const layer = new ClassToken({ name: 'cls_token' });
      layer.build([null, null, null, 2]);
      const dx = grad((x: Tensor) => sum(layer.apply(x) as Tensor))(zeros([3, 2, 2, 2]));
      await expectClose(dx, Array<number>(24).fill(1));
      const first = grad((x: Tensor) => sum(new FirstToken({ name: 'f' }).apply(x) as Tensor))(zeros([1, 3, 1]));
      await expectClose(first, [1, 0, 0]);
    });
  });

  describe('rejects', () => {
    it('pictures of another size, and what is no map', async () => {
      await expectCovpoolError(
        () => new PositionEmbedding({ name: 'pos_embed', tokens: 5, trained: true }).apply(zeros([1, 4, 2])),
        'bad-argument',
        /^pos_embed: 5 tokens are required, got 4; give pictures of the size that the network is made for/,
      );
      await expectCovpoolError(
        () => new ClassToken({ name: 'cls_token' }).apply(zeros([1, 4, 2])),
        'bad-argument',
        /^cls_token: the map must be \[B,H,W,C\] with known C, got \[1,4,2\]/,
      );
    });
  });

  describe('memory', () => {
    it('leaks nothing', async () => {
      const x = seededTensor([2, 2, 2, 3], 'x');
      const layers = [
        new ClassToken({ name: 'cls_token' }),
        new PositionEmbedding({ name: 'p', tokens: 5, trained: true }),
      ];
      await expectNoLeak(() => {
        const tokens = layers[0]!.apply(x) as Tensor;
        (layers[1]!.apply(tokens) as Tensor).dispose();
        tokens.dispose();
      });
    });
  });
});
