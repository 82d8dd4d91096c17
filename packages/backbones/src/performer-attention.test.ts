import { modelState, withSeed } from '@covpool/core';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  identity,
  type Matrix,
  numericGradient,
  scale,
  seededValues,
  times,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { grad, mul, sum, type Tensor, tensor, type Tensor2D, type Tensor3D, tidy, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { dotProductAttention } from './dot-product-attention.ts';
import { PerformerAttention, performerAttention } from './performer-attention.ts';

const [BATCH, TOKENS, WIDTH, FEATURES] = [2, 5, 4, 2];
const x = seededValues(BATCH * TOKENS * 3 * WIDTH, 'kqv');
const w = seededValues(WIDTH * FEATURES, 'w');
const of = (values = x) =>
  performerAttention(tensor(values, [BATCH, TOKENS, 3 * WIDTH]) as Tensor3D, tensor(w, [WIDTH, FEATURES]) as Tensor2D);

/** The authors' code, picture by picture in float64. */
function oracle(values: number[]): number[] {
  const projection = toMatrix(w, FEATURES);
  const phi = (rows: Matrix): Matrix =>
    times(rows, projection).map((row, i) => {
      const square = rows[i]!.reduce((p, q) => p + q * q, 0);
      return row.map((value) => Math.exp(value - square / 2) / Math.sqrt(FEATURES));
    });
  return Array.from({ length: BATCH }, (_, b) => {
    const rows = toMatrix(values, 3 * WIDTH).slice(b * TOKENS, (b + 1) * TOKENS);
    const part = (p: number) => rows.map((row) => row.slice(p * WIDTH, (p + 1) * WIDTH));
    const [keys, queries] = [phi(part(0)), phi(part(1))];
    const products = times(queries, times(transpose(keys), part(2)));
    const totals = queries.map((q) => keys.reduce((p, k) => p + k.reduce((s, value, m) => s + value * q[m]!, 0), 0));
    return products.flatMap((row, i) => row.map((value) => value / (totals[i]! + 1e-8)));
  }).flat();
}

describeEngines('performerAttention', () => {
  describe('values', () => {
    it("are those of the authors' code in float64", async () => {
      await expectClose(of(), oracle(x));
    });
  });

  describe('properties', () => {
    it('come close to softmax attention with many features', async () => {
      const [width, m, tokens] = [4, 100_000, 6];
      const kqv = seededValues(tokens * 3 * width, 'small').map((value) => 0.4 * value);
      const random = tensor(seededValues(width * m, 'random'), [width, m]) as Tensor2D;
      const y = performerAttention(tensor(kqv, [1, tokens, 3 * width]) as Tensor3D, random);
      // Queries first there, keys first here.
      const rows = toMatrix(kqv, 3 * width);
      const part = (row: number[], p: number) => row.slice(p * width, (p + 1) * width);
      const qkv = rows.flatMap((row) => [...part(row, 1), ...part(row, 0), ...part(row, 2)]);
      const softmax = dotProductAttention(tensor(qkv, [1, tokens, 3 * width]) as Tensor3D, { heads: 1, scale: 1 });
      const exact = await softmax.data();
      // A weight errs by √((exp|q+k|² − 1)/m) of itself: 0.5 % for most pairs, 2 % for the longest; a mean of them by less than 5 %.
      await expectClose(y, exact, { relative: 0.05 });
      const mean = Array.from({ length: width }, (_, c) => rows.reduce((p, row) => p + part(row, 2)[c]!, 0) / tokens);
      // Not so the same weight for all.
      await expect(
        expectClose(
          rows.flatMap(() => mean),
          exact,
          { relative: 0.05 },
        ),
      ).rejects.toThrow('differs by');
    });

    it('of the layer have fixed orthogonal features of the length √m', async () => {
      const layer = withSeed(2, () => new PerformerAttention({ name: 'attention1', features: 3 }));
      layer.build([null, null, null, 12]);
      const [entry] = modelState(layer);
      expect([entry!.name, entry!.toTorch, layer.trainableWeights]).toEqual(['attention1.w', [1, 0], []]);
      const columns = toMatrix(await entry!.variable.read().data(), 3);
      await expectClose(times(transpose(columns), columns).flat(), scale(identity(3), 3).flat());
      expect(layer.computeOutputShape([null, 7, 7, 12])).toEqual([null, 7, 7, 4]);
      expect((layer.apply(zeros([1, 2, 3, 12])) as Tensor).shape).toEqual([1, 2, 3, 4]);
    });
  });

  describe('gradient', () => {
    it('is that of central differences', async () => {
      const g = seededValues(BATCH * TOKENS * WIDTH, 'cotangent');
      const dx = grad((v: Tensor) =>
        sum(
          mul(
            performerAttention(v as Tensor3D, tensor(w, [WIDTH, FEATURES]) as Tensor2D),
            tensor(g, [BATCH, TOKENS, WIDTH]),
          ),
        ),
      )(tensor(x, [BATCH, TOKENS, 3 * WIDTH]));
      await expectClose(
        dx,
        numericGradient((v) => oracle(v).reduce((p, q, i) => p + q * g[i]!, 0), x),
      );
    });
  });

  describe('rejects', () => {
    it('features of another width, and more of them than channels', async () => {
      await expectCovpoolError(
        () => performerAttention(zeros([1, 2, 9]), zeros([4, 2])),
        'bad-argument',
        /^performerAttention: kqv must be \[B,N,3E\] and w \[E,m\] with the same E, got \[1,2,9\] and \[4,2\]/,
      );
      await expectCovpoolError(
        () => new PerformerAttention({ name: 'a', features: 5 }).build([null, 2, 2, 12]),
        'bad-argument',
        /^a: kqv must have 3E channels, E from the 5 features on/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns, with and without a gradient', async () => {
      const v = tensor(x, [BATCH, TOKENS, 3 * WIDTH]) as Tensor3D;
      const weight = tensor(w, [WIDTH, FEATURES]) as Tensor2D;
      await expectNoLeak(() => performerAttention(v, weight).dispose());
      await expectNoLeak(() => tidy(() => void grad((t: Tensor) => sum(performerAttention(t as Tensor3D, weight)))(v)));
    });
  });
});
