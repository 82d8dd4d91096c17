import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  type Matrix,
  numericGradient,
  seededTensor,
  seededValues,
  scale as scaled,
  times,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { add, grad, mul, sum, type Tensor, tensor, type Tensor3D, tidy, zeros } from '@tensorflow/tfjs-core';
import { describe, it } from 'vitest';
import { dotProductAttention } from './dot-product-attention.ts';
import { HeadAttention } from './head-attention.ts';

const [BATCH, TOKENS, WIDTH, HEADS] = [2, 3, 4, 2];
const x = seededValues(BATCH * TOKENS * 3 * WIDTH, 'qkv');
const qkv = (values = x) => tensor(values, [BATCH, TOKENS, 3 * WIDTH]) as Tensor3D;

const softmax = (row: number[]): number[] => {
  const exps = row.map((value) => Math.exp(value - Math.max(...row)));
  const total = exps.reduce((p, q) => p + q, 0);
  return exps.map((value) => value / total);
};

/** softmax(scale·q kᵀ + bias) v, picture by picture and head by head, in float64. */
function oracle(values: number[], heads = HEADS, scale?: number, bias = 0): number[] {
  const size = WIDTH / heads;
  const out: number[] = Array<number>(BATCH * TOKENS * WIDTH).fill(0);
  for (let b = 0; b < BATCH; b++) {
    const rows = toMatrix(values, 3 * WIDTH).slice(b * TOKENS, (b + 1) * TOKENS);
    for (let h = 0; h < heads; h++) {
      const part = (p: number): Matrix =>
        rows.map((row) => row.slice(p * WIDTH + h * size, p * WIDTH + (h + 1) * size));
      const scores = scaled(times(part(0), transpose(part(1))), scale ?? size ** -0.5);
      const biased = scores.map((row, i) => row.map((value, j) => value + bias * (i - j)));
      const y = times(biased.map(softmax), part(2));
      for (const [i, row] of y.entries())
        for (const [j, value] of row.entries()) out[(b * TOKENS + i) * WIDTH + h * size + j] = value;
    }
  }
  return out;
}

const slope = (): Tensor =>
  tensor(
    Array.from({ length: TOKENS * TOKENS }, (_, at) => Math.floor(at / TOKENS) - (at % TOKENS)),
    [1, TOKENS, TOKENS],
  );

describeEngines('dotProductAttention', () => {
  describe('values', () => {
    it.each([1, 2, 4])('are the formula in float64 with %i heads', async (heads) => {
      await expectClose(dotProductAttention(qkv(), { heads }), oracle(x, heads));
    });

    it('have the scale and the bias that are given', async () => {
      const bias = (scores: Tensor3D): Tensor3D => add(scores, mul(slope(), 0.5));
      await expectClose(dotProductAttention(qkv(), { heads: HEADS, scale: 2, bias }), oracle(x, HEADS, 2, 0.5));
    });

    it('of the layer are the same on tokens and on maps', async () => {
      const layer = new HeadAttention({ name: 'attn', heads: HEADS, scale: 2 });
      await expectClose(layer.apply(qkv()) as Tensor, oracle(x, HEADS, 2));
      const map = layer.apply(tensor(x, [BATCH, 1, TOKENS, 3 * WIDTH])) as Tensor;
      await expectClose(map, oracle(x, HEADS, 2));
    });
  });

  describe('properties', () => {
    it('are averages of the values: keys all alike give their mean', async () => {
      const values = toMatrix(x, 3 * WIDTH).flatMap((row) =>
        row.map((value, j) => (j >= WIDTH && j < 2 * WIDTH ? 1 : value)),
      );
      const y = await dotProductAttention(qkv(values), { heads: HEADS }).data();
      for (let b = 0; b < BATCH; b++) {
        const rows = toMatrix(x, 3 * WIDTH).slice(b * TOKENS, (b + 1) * TOKENS);
        const mean = Array.from(
          { length: WIDTH },
          (_, j) => rows.reduce((p, row) => p + row[2 * WIDTH + j]!, 0) / TOKENS,
        );
        for (let i = 0; i < TOKENS; i++) {
          await expectClose(y.slice((b * TOKENS + i) * WIDTH, (b * TOKENS + i + 1) * WIDTH), mean);
        }
      }
    });

    it('move with their tokens', async () => {
      const [order, width] = [[2, 0, 1], 3 * WIDTH];
      const moved = Array.from({ length: BATCH }, (_, b) =>
        order.flatMap((i) => x.slice((b * TOKENS + i) * width, (b * TOKENS + i + 1) * width)),
      ).flat();
      const y = await dotProductAttention(qkv(), { heads: HEADS }).data();
      const expected = Array.from({ length: BATCH }, (_, b) =>
        order.flatMap((i) => [...y.slice((b * TOKENS + i) * WIDTH, (b * TOKENS + i + 1) * WIDTH)]),
      ).flat();
      await expectClose(dotProductAttention(qkv(moved), { heads: HEADS }), expected);
    });
  });

  describe('gradient', () => {
    it('is that of central differences', async () => {
      const g = seededValues(BATCH * TOKENS * WIDTH, 'cotangent');
      const cotangent = () => tensor(g, [BATCH, TOKENS, WIDTH]);
      const dx = grad((v: Tensor) => sum(mul(dotProductAttention(v as Tensor3D, { heads: HEADS }), cotangent())))(
        qkv(),
      );
      await expectClose(
        dx,
        numericGradient((v) => oracle(v).reduce((p, q, i) => p + q * g[i]!, 0), x),
      );
    });
  });

  describe('rejects', () => {
    it('channels that are not three times a multiple of the heads, and what is no tokens', async () => {
      for (const shape of [
        [1, 2, 4],
        [1, 2, 9],
      ]) {
        await expectCovpoolError(
          () => dotProductAttention(zeros(shape as [number, number, number]), { heads: 2 }),
          'bad-argument',
          /^dotProductAttention: qkv must be \[B,N,3C\] with C a multiple of the 2 heads, got/,
        );
      }
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns, with and without a gradient', async () => {
      const v = seededTensor([1, 2, 6], 'v') as Tensor3D;
      await expectNoLeak(() => dotProductAttention(v, { heads: 1 }).dispose());
      await expectNoLeak(() =>
        tidy(() => void grad((t: Tensor) => sum(dotProductAttention(t as Tensor3D, { heads: 1 })))(v)),
      );
    });
  });
});
