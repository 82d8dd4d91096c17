import { modelState, pooling, withSeed } from '@covpool/core';
import '@covpool/covariance/layers';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  flatten,
  type Matrix,
  plus,
  seededTensor,
  times,
  toMatrix,
} from '@covpool/testing';
import { add, concat, matMul, reshape, slice, type Tensor, type Tensor2D, zeros } from '@tensorflow/tfjs-core';
import { input, type SymbolicTensor } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { gcpProjection, secondOrderHead, type SecondOrderHead } from './layers.ts';

const [BATCH, TOKENS, CHANNELS, CLASSES] = [2, 6, 8, 5];
const tokens = () => seededTensor([BATCH, 1 + TOKENS, CHANNELS], 'tokens');
const patches = () => slice(tokens(), [0, 1, 0], [BATCH, TOKENS, CHANNELS]);
const classToken = () => reshape(slice(tokens(), [0, 0, 0], [BATCH, 1, CHANNELS]), [BATCH, CHANNELS]);
const small = { name: 'mgcrp', heads: 2, headDim: 4 };
const base = { classes: CLASSES, name: 'classifier', pooling: small };

/** The pooling of a head by itself: the same name, so the same initial weights. */
const pooled = (x: Tensor): Tensor => {
  const { name, ...options } = small;
  return pooling(name, { ...options, name: 'classifier.representation' }).apply(x) as Tensor;
};

/** `x W + b` with a weight of the head, in float64. */
async function linear(head: SecondOrderHead, name: string, x: Tensor): Promise<Matrix> {
  const read = async (part: string) =>
    modelState(head)
      .find((entry) => entry.name === `classifier.${name}.${part}`)!
      .variable.read()
      .data();
  const [weight, bias] = [toMatrix(await read('weight'), CLASSES), [...(await read('bias'))]];
  const rows = times(toMatrix(await x.data(), x.shape[1]!), weight);
  return plus(rows, Array<number[]>(rows.length).fill(bias));
}

describeEngines('secondOrderHead', () => {
  describe('values', () => {
    it('with sum-fc are the sum of two linear maps, of the pooled patches and of the class token (spec 6.5)', async () => {
      const head = secondOrderHead(base);
      const logits = head.apply(tokens()) as Tensor;
      expect(logits.shape).toEqual([BATCH, CLASSES]);
      const [visual, cls] = [
        await linear(head, 'visual_fc', pooled(patches())),
        await linear(head, 'cls_fc', classToken()),
      ];
      await expectClose(logits, flatten(plus(visual, cls)));
    });

    it('with sum-loss are both, the class token first (spec 6.5)', async () => {
      const head = secondOrderHead({ ...base, fusion: 'sum-loss' });
      const [cls, visual] = head.apply(tokens()) as [Tensor, Tensor];
      await expectClose(cls, flatten(await linear(head, 'cls_fc', classToken())));
      await expectClose(visual, flatten(await linear(head, 'visual_fc', pooled(patches()))));
    });

    it('with concat are a linear map of class token and pooled patches in a row (spec 6.5)', async () => {
      const head = secondOrderHead({ ...base, fusion: 'concat' });
      const row = concat([classToken(), pooled(patches())], 1);
      await expectClose(head.apply(tokens()) as Tensor, flatten(await linear(head, 'visual_fc', row)));
    });

    it('with aggre-all are a linear map of all tokens pooled (spec 6.5)', async () => {
      const head = secondOrderHead({ ...base, fusion: 'aggre-all' });
      await expectClose(head.apply(tokens()) as Tensor, flatten(await linear(head, 'visual_fc', pooled(tokens()))));
    });

    it('with a projection pool what a linear map with bias makes of the patches (spec 6.5)', async () => {
      const head = secondOrderHead({ ...base, projection: 3, pooling: { name: 'cov' }, fusion: 'aggre-all' });
      const logits = head.apply(tokens()) as Tensor;
      const state = new Map(modelState(head).map(({ name, variable }) => [name, variable]));
      state.get('classifier.dr.bias')!.write(seededTensor([3], 'bias'));
      const [w, b] = ['weight', 'bias'].map((part) => state.get(`classifier.dr.${part}`)!.read());
      const rows = add(matMul(reshape(tokens(), [-1, CHANNELS]), w as Tensor2D), b!);
      const z = pooling('cov').apply(reshape(rows, [BATCH, 1 + TOKENS, 3])) as Tensor;
      const expected = flatten(await linear(head, 'visual_fc', z));
      await expectClose(head.apply(tokens()) as Tensor, expected);
      // Covariances do not see the bias.
      await expectClose(logits, expected);
    });

    it.each([
      [6, 14, 48, 1176],
      [6, 24, 83, 3456],
      [12, 24, 117, 6912],
    ])('of %i heads of %i are about as many as of a covariance of %i channels (spec 6.5)', (heads, r, dim, length) => {
      expect(gcpProjection(heads, r)).toBe(dim);
      expect(heads * r * r).toBe(length);
      expect(Math.abs((dim * (dim + 1)) / 2 / length - 1)).toBeLessThan(0.01);
    });

    it('start as those of vision transformers: N(0, 0.02²), biases of zero', async () => {
      const head = withSeed(4, () => secondOrderHead({ ...base, classes: 200 }));
      head.build([null, 7, CHANNELS]);
      const squares = new Map<string, { square: number; count: number }>();
      for (const { name, variable } of modelState(head)) {
        const values = Array.from<number>(await variable.read().data());
        const square = values.reduce((total, value) => total + value * value, 0) / values.length;
        squares.set(name.replace('classifier.', ''), { square, count: values.length });
      }
      for (const name of ['visual_fc', 'cls_fc']) expect(squares.get(`${name}.bias`)!.square).toBe(0);
      for (const name of ['visual_fc', 'cls_fc', 'representation.wr']) {
        const { square, count } = squares.get(`${name}.weight`)!;
        // The mean square of n normal numbers has relative deviation √(2/n); five of them.
        expect(Math.abs(square / 4e-4 - 1)).toBeLessThan(5 * Math.sqrt(2 / count));
      }
    });
  });

  describe('properties', () => {
    it.each([
      ['sum-fc', ['visual_fc', 'cls_fc']],
      ['sum-loss', ['visual_fc', 'cls_fc']],
      ['concat', ['visual_fc']],
      ['aggre-all', ['visual_fc']],
    ] as const)('with %s have the weights %o and those of the representation', (fusion, names) => {
      const head = secondOrderHead({ ...base, fusion });
      head.build([null, null, CHANNELS]);
      const expected = names.flatMap((name) => [`classifier.${name}.weight`, `classifier.${name}.bias`]);
      const representation = ['wr.weight', 'eca_layer.conv.weight'].map((name) => `classifier.representation.${name}`);
      expect(modelState(head).map(({ name }) => name)).toEqual([...expected, ...representation]);
    });

    it.each(['sum-fc', 'concat', 'aggre-all'] as const)('train, save and reload with %s', (fusion) =>
      expectTrainsAndReloads(
        () => [secondOrderHead({ ...base, fusion, inputShape: [1 + TOKENS, CHANNELS] })],
        [1 + TOKENS, CHANNELS],
      ),
    );

    it('train, save and reload with a projection and another pooling', () =>
      expectTrainsAndReloads(
        () => [secondOrderHead({ ...base, projection: 4, pooling: { name: 'cov' }, inputShape: [7, CHANNELS] })],
        [7, CHANNELS],
      ));

    it('with sum-loss have two outputs in a model', () => {
      const outputs = secondOrderHead({ ...base, fusion: 'sum-loss' }).apply(input({ shape: [7, CHANNELS] }));
      expect((outputs as SymbolicTensor[]).map(({ shape }) => shape)).toEqual([
        [null, CLASSES],
        [null, CLASSES],
      ]);
    });
  });

  describe('rejects', () => {
    it('options that are none, and feature maps', async () => {
      const rejects = (run: () => unknown, message: RegExp) => expectCovpoolError(run, 'bad-argument', message);
      await rejects(() => secondOrderHead({ ...base, classes: 0 }), /^classifier: classes must be .* got 0/);
      await rejects(() => secondOrderHead({ ...base, projection: 1.5 }), /^classifier: projection must be .* got 1.5/);
      await rejects(
        () => secondOrderHead({ ...base, fusion: 'sum' as 'sum-fc' }),
        /^classifier: unknown fusion 'sum'; known: aggre-all, concat, sum-fc, sum-loss/,
      );
      await rejects(() => secondOrderHead({ ...base, pooling: { name: 'none' } }), /unknown pooling 'none'/);
      await rejects(
        () => secondOrderHead(base).apply(zeros([1, 2, 2, 3])),
        /^classifier: tokens must be \[B,1\+N,C\] with known C, got \[1,2,2,3\]/,
      );
    });
  });

  describe('memory', () => {
    it.each(['sum-fc', 'sum-loss', 'concat', 'aggre-all'] as const)(
      'keeps nothing but what %s returns',
      async (fusion) => {
        const [head, x] = [secondOrderHead({ ...base, fusion, projection: 6 }), tokens()];
        for (const training of [true, false]) {
          await expectNoLeak(() => {
            const logits = head.apply(x, { training }) as Tensor | Tensor[];
            for (const each of [logits].flat()) each.dispose();
          });
        }
      },
    );
  });
});
