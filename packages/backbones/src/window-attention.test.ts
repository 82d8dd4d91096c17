import { modelState, withSeed } from '@covpool/core';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  seededTensor,
  seededValues,
} from '@covpool/testing';
import {
  grad,
  mul,
  slice,
  sum,
  type Tensor,
  tensor,
  type Tensor3D,
  type Tensor4D,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { dotProductAttention } from './dot-product-attention.ts';
import { relativePositions } from './relative-positions.ts';
import { WindowAttention } from './window-attention.ts';

const make = (config: Partial<ConstructorParameters<typeof WindowAttention>[0]> = {}) => {
  const layer = withSeed(1, () => new WindowAttention({ name: 'attn', heads: 2, window: 2, ...config }));
  layer.build([null, null, null, 12]);
  return layer;
};

const TABLE = seededValues(18, 'table');
const withTable = (layer: WindowAttention): WindowAttention => {
  layer.setWeights([tensor(TABLE, [9, 2])]);
  return layer;
};

const SIDE = 4;
const x = seededValues(SIDE * SIDE * 12, 'qkv');

/** Every position attends to those of its window of the shifted map that are its neighbours; plain loops in float64. */
function oracle(values: number[], shift: number, window = 2, heads = 2): number[] {
  const [width, size] = [4, 2];
  const out = Array<number>(SIDE * SIDE * width).fill(0);
  const places = relativePositions(window);
  const cell = (p: number) => Math.floor(((((p - shift) % SIDE) + SIDE) % SIDE) / window);
  const inside = (p: number) => ((((p - shift) % SIDE) + SIDE) % SIDE) % window;
  for (let i = 0; i < SIDE * SIDE; i++) {
    const [iy, ix] = [Math.floor(i / SIDE), i % SIDE];
    const others = Array.from({ length: SIDE * SIDE }, (_, j) => j).filter((j) => {
      const [jy, jx] = [Math.floor(j / SIDE), j % SIDE];
      const near = Math.abs(iy - jy) < window && Math.abs(ix - jx) < window;
      return cell(iy) === cell(jy) && cell(ix) === cell(jx) && near;
    });
    for (let h = 0; h < heads; h++) {
      const read = (j: number, part: number, c: number) => values[j * 12 + part * width + h * size + c]!;
      const exps = others.map((j) => {
        const at = (p: number) => inside(Math.floor(p / SIDE)) * window + inside(p % SIDE);
        const bias = TABLE[places[at(i) * window ** 2 + at(j)]! * heads + h]!;
        return Math.exp((read(i, 0, 0) * read(j, 1, 0) + read(i, 0, 1) * read(j, 1, 1)) / Math.SQRT2 + bias);
      });
      const total = exps.reduce((p, q) => p + q, 0);
      for (let c = 0; c < size; c++) {
        out[i * width + h * size + c] = others.reduce((p, j, k) => p + (exps[k]! / total) * read(j, 2, c), 0);
      }
    }
  }
  return out;
}

describeEngines('WindowAttention', () => {
  describe('values', () => {
    it.each([0, 1])('shifted by %i are those of each position and its neighbours in the window', async (shift) => {
      const y = withTable(make({ shift })).apply(tensor(x, [1, SIDE, SIDE, 12])) as Tensor;
      expect(y.shape).toEqual([1, SIDE, SIDE, 4]);
      await expectClose(y, oracle(x, shift));
    });

    it('of one window without biases are plain attention', async () => {
      const layer = make({ window: 4, shift: 2 });
      layer.setWeights([zeros([49, 2])]);
      const qkv = tensor(x, [1, 16, 12]) as Tensor3D;
      const y = layer.apply(tensor(x, [1, SIDE, SIDE, 12])) as Tensor;
      await expectClose(y, await dotProductAttention(qkv, { heads: 2 }).data());
    });
  });

  describe('properties', () => {
    it('keeps pictures of a batch apart', async () => {
      const layer = withTable(make({ shift: 1 }));
      const both = seededTensor([2, SIDE, SIDE, 12], 'both') as Tensor4D;
      const one = slice(both, [1, 0, 0, 0], [1, SIDE, SIDE, 12]);
      const y = slice(layer.apply(both) as Tensor4D, [1, 0, 0, 0], [1, SIDE, SIDE, 4]);
      await expectClose(y, await (layer.apply(one) as Tensor).data());
    });

    it('has one weight, of (2·window − 1)² places and the heads, and its configuration back', () => {
      const layer = make({ shift: 1 });
      expect(modelState(layer).map(({ name, variable }) => [name, variable.shape])).toEqual([
        ['attn.relative_position_bias_table', [9, 2]],
      ]);
      expect(layer.getConfig()).toMatchObject({ heads: 2, window: 2, shift: 1 });
      expect(layer.computeOutputShape([null, 8, 8, 12])).toEqual([null, 8, 8, 4]);
    });
  });

  describe('gradient', () => {
    it('to queries, keys and values is that of differences of the formula', async () => {
      const layer = withTable(make({ shift: 1 }));
      const g = seededValues(SIDE * SIDE * 4, 'cotangent');
      const cotangent = tensor(g, [1, SIDE, SIDE, 4]);
      const dx = await grad((v: Tensor) => sum(mul(layer.apply(v) as Tensor, cotangent)))(
        tensor(x, [1, SIDE, SIDE, 12]),
      ).data();
      const loss = (v: number[]) => oracle(v, 1).reduce((p, q, i) => p + q * g[i]!, 0);
      const step = 1e-4;
      const slopes = x.map((value, i) => {
        const moved = (by: number) => x.map((v, k) => (k === i ? value + by : v));
        return (loss(moved(step)) - loss(moved(-step))) / (2 * step);
      });
      await expectClose(dx, slopes);
    });
  });

  describe('rejects', () => {
    it('shifts that are no less than the window, channels that heads do not share, maps that windows do not fill', async () => {
      const rejects = (run: () => unknown, message: RegExp) => expectCovpoolError(run, 'bad-argument', message);
      await rejects(() => make({ shift: 2 }), /^attn: window must be .* got 2 and 2/);
      await rejects(() => make({ heads: 3 }), /^attn: qkv must be \[B,H,W,3C\] with C a known multiple of the 3 heads/);
      await rejects(
        () => make().apply(zeros([1, 4, 5, 12])),
        /^attn: the map's sides must be multiples of the window's 2, got 4×5/,
      );
    });
  });

  describe('memory', () => {
    it('leaks nothing, with and without a gradient', async () => {
      const layer = make({ shift: 1 });
      const v = seededTensor([1, 4, 4, 12], 'v');
      await expectNoLeak(() => (layer.apply(v) as Tensor).dispose());
      await expectNoLeak(() => tidy(() => void grad((t: Tensor) => sum(layer.apply(t) as Tensor))(v)));
    });
  });
});
