import { crossCovariance } from '@covpool/covariance';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  type Matrix,
  numericGradient,
  seededTensor,
  tolerance,
  toMatrix,
} from '@covpool/testing';
import {
  add,
  fill,
  grad,
  grads,
  mul,
  scalar,
  type Rank,
  softmax,
  sum,
  type Tensor,
  tensor2d,
  type Tensor2D,
  type Tensor3D,
  zeros,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { adaptiveDropRate } from './adaptive-drop-rate.ts';
import { channelMask } from './channel-mask.ts';
import { crossDropCov, type CrossDropCovOptions } from './cross-drop-cov.ts';
import { dropCov } from './drop-cov.ts';

const [BATCH, TOKENS, CHANNELS] = [2, 7, 5];
const SIZE = TOKENS * CHANNELS;
const side = (name: string) => seededTensor<Rank.R3>([BATCH, TOKENS, CHANNELS], name);
const attention = () => softmax(seededTensor([BATCH, CHANNELS], 'attention')) as Tensor2D;

type Centering = NonNullable<CrossDropCovOptions['centering']>;

/** `(1/N) (Q − q̄)ᵀ (K − k̄)` of rows in float64. */
function crossOracle(q: Matrix, k: Matrix, centering: Centering): Matrix {
  const centred = (rows: Matrix): Matrix => {
    const channel = rows[0]!.map((_, c) => rows.reduce((total, row) => total + row[c]!, 0) / rows.length);
    const all = channel.reduce((p, v) => p + v, 0) / channel.length;
    const means = { channel, scalar: channel.map(() => all), none: channel.map(() => 0) }[centering];
    return rows.map((row) => row.map((value, c) => value - means[c]!));
  };
  const [left, right] = [centred(q), centred(k)];
  return q[0]!.map((_, i) =>
    k[0]!.map((__, j) => left.reduce((total, row, n) => total + row[i]! * right[n]![j]!, 0) / q.length),
  );
}

/** The definition with the masks [B,N,r] given, flattened. */
function oracle(q: number[], k: number[], masks: number[], centering: Centering, weights?: number[]): number[] {
  return Array.from({ length: BATCH }, (_, b) => {
    const rows = (values: number[]) =>
      toMatrix(
        values.slice(b * SIZE, (b + 1) * SIZE).map((value, i) => {
          const weight = weights ? 1 + weights[b * CHANNELS + (i % CHANNELS)]! : 1;
          return value * weight * masks[b * SIZE + i]!;
        }),
        CHANNELS,
      );
    return crossOracle(rows(q), rows(k), centering).flat();
  }).flat();
}

/** The mask [B,N,r] of a rate along an axis. */
async function masksOf(axis: 'channel' | 'token', rate: number, seed: number): Promise<number[]> {
  const count = axis === 'channel' ? CHANNELS : TOKENS;
  const mask = await channelMask(BATCH, count, scalar(rate), seed).data();
  return Array.from({ length: BATCH * SIZE }, (_, i) => {
    const [b, n, c] = [Math.floor(i / SIZE), Math.floor((i % SIZE) / CHANNELS), i % CHANNELS];
    return mask[b * count + (axis === 'channel' ? c : n)]!;
  });
}

/** Inputs whose adaptive rate lies inside of its bounds, with the mask at that rate. */
async function adaptiveStep() {
  const [q, w] = [side('q'), attention()];
  const k: Tensor3D = add(q, mul(side('k'), 0.4));
  const values = { q: [...(await q.data())], k: [...(await k.data())], w: [...(await w.data())] };
  const s = oracle(values.q, values.k, new Array<number>(BATCH * SIZE).fill(1), 'channel', values.w);
  const correlation = Array.from({ length: BATCH }, (_, b) => {
    const matrix = toMatrix(s.slice(b * CHANNELS ** 2, (b + 1) * CHANNELS ** 2), CHANNELS);
    return matrix.map((row, i) => row.reduce((total, value, j) => total + value + matrix[j]![i]!, 0));
  });
  const options = { training: true, seed: 5, scale: 1 };
  const rate = (await adaptiveDropRate(w, tensor2d(correlation), { scale: 1 }).data())[0]!;
  expect(rate).toBeGreaterThan(0.05);
  expect(rate).toBeLessThan(0.94);
  const masks = await masksOf('channel', rate, 5);
  expect(masks).toContain(0);
  expect(Math.max(...masks)).toBeGreaterThan(0);
  return { q, k, w, values, masks, options };
}

const variants: ['channel' | 'token', Centering][] = [
  ['channel', 'channel'],
  ['token', 'channel'],
  ['channel', 'scalar'],
  ['token', 'scalar'],
  ['token', 'none'],
];

describeEngines('crossDropCov', () => {
  describe('values', () => {
    it.each(['channel', 'scalar', 'none'] as const)(
      'outside of training are the cross-covariance, bit for bit, centering %s (spec 6.5)',
      async (centering) => {
        const [q, k] = [side('q'), side('k')];
        const plain = await crossCovariance(q, k, { centering }).data();
        const nan = fill([BATCH, CHANNELS], Number.NaN) as Tensor2D;
        for (const options of [{ rate: 0.5 }, { attention: nan }]) {
          await expectClose(crossDropCov(q, k, { centering, ...options }), plain, { relative: 0 });
        }
      },
    );

    it.each(variants)('drop every %s alike in q and k, before centering %s (spec 6.5)', async (dropAxis, centering) => {
      const [q, k] = [side('q'), side('k')];
      const masks = await masksOf(dropAxis, 0.4, 3);
      expect(masks).toContain(0);
      const result = crossDropCov(q, k, { training: true, seed: 3, rate: 0.4, dropAxis, centering });
      await expectClose(result, oracle([...(await q.data())], [...(await k.data())], masks, centering));
    });

    it('adapt the rate to the row and column sums of the cross-covariance', async () => {
      const { q, k, w, values, masks, options } = await adaptiveStep();
      const result = crossDropCov(q, k, { ...options, attention: w });
      await expectClose(result, oracle(values.q, values.k, masks, 'channel', values.w));
    });

    it('are finite for tokens that are all the same', async () => {
      const x = fill([1, 4, 6], 2) as Tensor3D;
      const w = fill([1, 6], 1 / 6) as Tensor2D;
      for (const maxRate of [0.95, 1]) {
        const result = crossDropCov(x, x, { training: true, attention: w, maxRate });
        await expectClose(result, new Array<number>(36).fill(0), { absolute: 1e-12 });
      }
    });
  });

  describe('properties', () => {
    it('with k = q are DropCov', async () => {
      const [q, w] = [side('q'), attention()];
      for (const seed of [1, 2, 3]) {
        const options = { training: true, seed, scale: 2 };
        await expectClose(crossDropCov(q, q, { ...options, attention: w }), await dropCov(q, w, options).data());
      }
    });

    it.each([0, undefined])('drop nothing at rate %s', async (rate) => {
      const [q, k] = [side('q'), side('k')];
      const plain = await crossCovariance(q, k).data();
      await expectClose(crossDropCov(q, k, { training: true, rate }), plain, { relative: 0 });
    });

    it('transpose with q and k', async () => {
      const [q, k] = [side('q'), side('k')];
      const options = { training: true, seed: 3, rate: 0.3 };
      const there = await crossDropCov(q, k, options).data();
      const back = await crossDropCov(k, q, options).data();
      const area = CHANNELS ** 2;
      const turned = Array.from(there, (_, i) => {
        const [b, place] = [Math.floor(i / area), i % area];
        return back[b * area + (place % CHANNELS) * CHANNELS + Math.floor(place / CHANNELS)]!;
      });
      await expectClose(there, turned);
    });
  });

  describe('gradient', () => {
    it.each(variants)('is the derivative with the mask held: %s, %s', async (dropAxis, centering) => {
      const [q, k] = [side('q'), side('k')];
      const weights = seededTensor([BATCH, CHANNELS, CHANNELS], 'loss');
      const targets = await weights.data();
      const masks = await masksOf(dropAxis, 0.4, 3);
      const loss = (a: number[], b: number[]) =>
        oracle(a, b, masks, centering).reduce((total, value, i) => total + value * targets[i]!, 0);
      const options = { training: true, seed: 3, rate: 0.4, dropAxis, centering };
      const [dq, dk] = grads((a: Tensor, b: Tensor) =>
        sum(mul(crossDropCov(a as Tensor3D, b as Tensor3D, options), weights)),
      )([q, k]);
      const [qs, ks] = [[...(await q.data())], [...(await k.data())]];
      const limit = { relative: 2 * tolerance() };
      await expectClose(
        dq!,
        numericGradient((v) => loss(v, ks), qs),
        limit,
      );
      await expectClose(
        dk!,
        numericGradient((v) => loss(qs, v), ks),
        limit,
      );
    });

    it('of the attention comes by 1+ω alone: the rate is a constant', async () => {
      const { q, k, w, values, masks, options } = await adaptiveStep();
      const weights = seededTensor([BATCH, CHANNELS, CHANNELS], 'loss');
      const targets = await weights.data();
      const loss = (ws: number[]) =>
        oracle(values.q, values.k, masks, 'channel', ws).reduce((total, value, i) => total + value * targets[i]!, 0);
      const dw = grad((a: Tensor) => sum(mul(crossDropCov(q, k, { ...options, attention: a as Tensor2D }), weights)))(
        w,
      );
      await expectClose(dw, numericGradient(loss, values.w), { relative: 2 * tolerance() });
    });
  });

  describe('rejects', () => {
    it('features and options that do not belong together', async () => {
      const x = zeros<Rank.R3>([2, 3, 4]);
      const rejects = (run: () => unknown, message: RegExp) => expectCovpoolError(run, 'bad-argument', message);
      await rejects(
        () => crossDropCov(x, zeros([2, 3, 5])),
        /crossDropCov: q and k must both be \[B,N,r\], got \[2,3,4\] and \[2,3,5\]/,
      );
      await rejects(
        () => crossDropCov(x, x, { attention: zeros([2, 3]) }),
        /crossDropCov: attention must be \[B,r\] = \[2,4\] like the features, got \[2,3\]/,
      );
      await rejects(() => crossDropCov(x, x, { rate: 1 }), /crossDropCov: rate must be at least 0 and below 1, got 1/);
      await rejects(
        () => crossDropCov(x, x, { dropAxis: 'head' as 'token' }),
        /crossDropCov: unknown dropAxis 'head'; known: channel, token/,
      );
      await rejects(() => crossDropCov(x, x, { maxRate: 2 }), /crossDropCov: maxRate must lie between/);
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [q, k, w] = [side('q'), side('k'), attention()];
      for (const options of [{}, { training: true, rate: 0.3 }, { training: true, attention: w }]) {
        await expectNoLeak(() => crossDropCov(q, k, options).dispose());
        await expectNoLeak(() => grad((a: Tensor) => sum(crossDropCov(a as Tensor3D, k, options)))(q).dispose());
      }
    });
  });
});
