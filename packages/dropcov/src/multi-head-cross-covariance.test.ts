import { crossCovariance } from '@covpool/covariance';
import { deriveSeed } from '@covpool/base';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  numericGradient,
  seededTensor,
  times,
  tolerance,
  toMatrix,
} from '@covpool/testing';
import {
  concat,
  gather,
  grad,
  grads,
  matMul,
  mul,
  type Rank,
  reshape,
  scalar,
  slice,
  sum,
  tensor1d,
  type Tensor,
  type Tensor2D,
  type Tensor3D,
  zeros,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { channelImportance } from './channel-importance.ts';
import { channelMask } from './channel-mask.ts';
import { crossDropCov } from './cross-drop-cov.ts';
import { multiHeadCrossCovariance } from './multi-head-cross-covariance.ts';

const [BATCH, TOKENS, CHANNELS, HEADS, DIM] = [2, 5, 8, 3, 4];
const WIDTH = HEADS * DIM;
const LENGTH = HEADS * DIM * DIM;
const shape = { heads: HEADS, headDim: DIM };
const tokens = () => seededTensor<Rank.R3>([BATCH, TOKENS, CHANNELS], 'tokens');
const weight = () => seededTensor<Rank.R2>([CHANNELS, 2 * WIDTH], 'weight');

/** The definition outside of training in float64, centred by one mean (scalar) or by those of the channels. */
function oracle(x: number[], w: number[], centering: 'channel' | 'scalar'): number[] {
  const map = toMatrix(w, 2 * WIDTH);
  return Array.from({ length: BATCH }, (_, b) => {
    const rows = times(toMatrix(x.slice(b * TOKENS * CHANNELS, (b + 1) * TOKENS * CHANNELS), CHANNELS), map);
    const column = (c: number): number[] => rows.map((row) => row[c]!);
    const average = (values: number[]) => values.reduce((p, v) => p + v, 0) / values.length;
    return Array.from({ length: HEADS }, (__, h) => {
      const centred = (first: number) => {
        const columns = Array.from({ length: DIM }, (___, c) => column(first + h * DIM + c));
        const all = average(columns.flat());
        return columns.map((values) => values.map((v) => v - (centering === 'scalar' ? all : average(values))));
      };
      const [q, k] = [centred(0), centred(WIDTH)];
      return q.map((left) => k.map((right) => left.reduce((t, v, n) => t + v * right[n]!, 0) / TOKENS));
    });
  }).flat(3);
}

/** Q or K of all heads [B·heads,N,r], head by head. */
function headsOf(x: Tensor3D, w: Tensor2D, block: number): Tensor3D {
  const each = Array.from({ length: BATCH * HEADS }, (_, i) => {
    const [b, h] = [Math.floor(i / HEADS), i % HEADS];
    const rows = reshape(slice(x, [b, 0, 0], [1, -1, -1]), [TOKENS, CHANNELS]);
    const part = slice(w, [0, block * WIDTH + h * DIM], [CHANNELS, DIM]);
    return reshape(matMul(rows, part), [1, TOKENS, DIM]) as Tensor3D;
  });
  return concat(each, 0);
}

describeEngines('multiHeadCrossCovariance', () => {
  describe('values', () => {
    it.each(['channel', 'scalar'] as const)(
      'outside of training are the definition, centering %s (spec 6.5)',
      async (c) => {
        const [x, w] = [tokens(), weight()];
        const result = multiHeadCrossCovariance(x, w, { ...shape, centering: c });
        expect(result.shape).toEqual([BATCH, LENGTH]);
        await expectClose(result, oracle([...(await x.data())], [...(await w.data())], c));
      },
    );

    it('do not depend on a third block of the weight (spec 6.5)', async () => {
      const third = concat([weight(), seededTensor<Rank.R2>([CHANNELS, WIDTH], 'third')], 1);
      const expected = await multiHeadCrossCovariance(tokens(), weight(), shape).data();
      await expectClose(multiHeadCrossCovariance(tokens(), third, shape), expected, { relative: 0 });
    });

    it.each([
      ['tokens at a fixed rate', { rate: 0.2, dropAxis: 'token', centering: 'scalar' } as const],
      ['channels at a fixed rate', { rate: 0.4 }],
    ])('in training drop %s in every head, then half of the entries (spec 6.5)', async (_, options) => {
      const [x, w] = [tokens(), weight()];
      const step = { training: true, seed: 4 };
      const s = crossDropCov(headsOf(x, w, 0), headsOf(x, w, 1), { ...step, ...options });
      const kept = channelMask(BATCH, LENGTH, scalar(0.5), deriveSeed(4, 'elements'));
      expect([...new Set(await kept.data())].sort()).toEqual([0, 2]);
      const expected = await mul(reshape(s, [BATCH, LENGTH]), kept).data();
      await expectClose(multiHeadCrossCovariance(x, w, { ...shape, ...step, ...options }), expected);
      const whole = multiHeadCrossCovariance(x, w, { ...shape, ...step, ...options, elementRate: 0 });
      await expectClose(whole, await s.data());
    });

    it('with a kernel adapt one rate to the attention of all images and heads', async () => {
      const [x, w] = [tokens(), weight()];
      const kernel = seededTensor<Rank.R3>([3, 1, 1], 'kernel');
      const [q, k] = [headsOf(x, w, 0), headsOf(x, w, 1)];
      const attention = channelImportance(concat([q, k], 1), kernel); // the mean over both;
      const options = { training: true, seed: 2, scale: 1, maxRate: 0.5 };
      const s = crossDropCov(q, k, { ...options, attention });
      const result = multiHeadCrossCovariance(x, w, { ...shape, ...options, kernel, elementRate: 0 });
      await expectClose(result, await s.data());
    });

    it('pass through the normalisation that is given, before entries are dropped', async () => {
      const normalize = (s: Tensor3D): Tensor3D => mul(s, s);
      const plain = await multiHeadCrossCovariance(tokens(), weight(), shape).data();
      const result = multiHeadCrossCovariance(tokens(), weight(), { ...shape, normalize });
      await expectClose(
        result,
        Array.from(plain, (value) => value * value),
      );
    });
  });

  describe('properties', () => {
    it('do not depend on the order of tokens', async () => {
      const turned = gather(tokens(), tensor1d([3, 0, 4, 1, 2], 'int32'), 1);
      const expected = await multiHeadCrossCovariance(tokens(), weight(), shape).data();
      await expectClose(multiHeadCrossCovariance(turned, weight(), shape), expected);
    });

    it('take features as tokens', async () => {
      const expected = await multiHeadCrossCovariance(tokens(), weight(), shape).data();
      const map = reshape(tokens(), [BATCH, 1, TOKENS, CHANNELS]);
      await expectClose(multiHeadCrossCovariance(map, weight(), shape), expected, { relative: 0 });
    });

    it('of one head that spans all channels are the cross-covariance', async () => {
      const x = tokens();
      const w = seededTensor<Rank.R2>([CHANNELS, 2 * CHANNELS], 'one');
      const both = reshape(matMul(reshape(x, [-1, CHANNELS]), w), [BATCH, TOKENS, 2 * CHANNELS]);
      const [q, k] = [0, CHANNELS].map((from) => slice(both, [0, 0, from], [-1, -1, CHANNELS]));
      const result = multiHeadCrossCovariance(x, w, { heads: 1, headDim: CHANNELS });
      await expectClose(result, await crossCovariance(q!, k!).data());
    });
  });

  describe('gradient', () => {
    it.each(['channel', 'scalar'] as const)('is the derivative of the definition, centering %s', async (centering) => {
      const [x, w, loss] = [tokens(), weight(), seededTensor([BATCH, LENGTH], 'loss')];
      const [xs, ws, targets] = [[...(await x.data())], [...(await w.data())], await loss.data()];
      const total = (values: number[]) => values.reduce((t, value, i) => t + value * targets[i]!, 0);
      const run = (a: Tensor, b: Tensor) => multiHeadCrossCovariance(a, b as Tensor2D, { ...shape, centering });
      const [dx, dw] = grads((a: Tensor, b: Tensor) => sum(mul(run(a, b), loss)))([x, w]);
      const limit = { relative: 2 * tolerance() };
      await expectClose(
        dx!,
        numericGradient((v) => total(oracle(v, ws, centering)), xs),
        limit,
      );
      await expectClose(
        dw!,
        numericGradient((v) => total(oracle(xs, v, centering)), ws),
        limit,
      );
    });
  });

  describe('rejects', () => {
    it('a weight of other channels, rates that are none', async () => {
      await expectCovpoolError(
        () => multiHeadCrossCovariance(tokens(), zeros([CHANNELS, WIDTH]), shape),
        'bad-argument',
        /weight must be \[C,2·heads·headDim\] = \[8,24\] or wider, got \[8,12\]/,
      );
      await expectCovpoolError(
        () => multiHeadCrossCovariance(tokens(), weight(), { ...shape, elementRate: 1 }),
        'bad-argument',
        /multiHeadCrossCovariance: elementRate must be at least 0 and below 1, got 1/,
      );
      await expectCovpoolError(
        () => multiHeadCrossCovariance(zeros([2, 3]), weight(), shape),
        'bad-argument',
        /multiHeadCrossCovariance: features must be/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [x, w, kernel] = [tokens(), weight(), seededTensor<Rank.R3>([3, 1, 1], 'kernel')];
      for (const options of [{}, { training: true, rate: 0.2 }, { training: true, kernel }]) {
        await expectNoLeak(() => multiHeadCrossCovariance(x, w, { ...shape, ...options }).dispose());
        const run = (a: Tensor) => sum(multiHeadCrossCovariance(a, w, { ...shape, ...options }));
        await expectNoLeak(() => grad(run)(x).dispose());
      }
    });
  });
});
