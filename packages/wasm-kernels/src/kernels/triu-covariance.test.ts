import { covarianceOracle, expectNoLeak, type Matrix, plus, times, toMatrix, transpose, triu } from '@covpool/testing';
import { engine, type NamedTensorMap, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { computeOn, describeKinds, operand, type Operand } from '../against-cpu.fixture.ts';

const call = (name: string, inputs: Record<string, Tensor>, output = 0): Tensor =>
  (engine().runKernel(name, inputs as unknown as NamedTensorMap, { order: 'rows' }) as Tensor[])[output]!;

/** Rows less their means. */
function centred(rows: Matrix): Matrix {
  const means = rows[0]!.map((_, c) => rows.reduce((total, row) => total + row[c]!, 0) / rows.length);
  return rows.map((row) => row.map((value, c) => value - means[c]!));
}

/** G from its upper triangle. */
function upper(v: number[], d: number): Matrix {
  let k = 0;
  return Array.from({ length: d }, (_, i) => Array.from({ length: d }, (__, j) => (j < i ? 0 : v[k++]!)));
}

/** Numbers as float32 has them. */
const rounded = (shape: number[], ...key: (string | number)[]): Operand => {
  const { values } = operand(shape, ...key);
  return { shape, values: values.map(Math.fround) };
};

/** Float32 sums of m products of numbers of size 1 err by some 2⁻²⁴·√m of it. */
function expectNear(found: ArrayLike<number>, expected: number[]): void {
  expect(found).toHaveLength(expected.length);
  const size = Math.max(1, ...expected.map(Math.abs));
  for (const [i, value] of expected.entries()) {
    expect(Math.abs(found[i]! - value)).toBeLessThanOrEqual(2e-6 * size);
  }
}

/** Triangle and gradients of one picture in float64; a mask of ones and weights of ones are none. */
function oracle(x: Matrix, w: number[], m: number[], v: number[]): { triangle: number[]; dx: number[]; dw: number[] } {
  const factors = w.map((value, c) => value * m[c]!);
  const rows = x.map((row) => row.map((value, c) => value * factors[c]!));
  const g = upper(v, w.length);
  const y = times(centred(rows), plus(g, transpose(g))).map((row) => row.map((value) => value / x.length));
  return {
    triangle: triu(covarianceOracle(rows)),
    dx: y.flatMap((row) => row.map((value, c) => value * factors[c]!)),
    dw: w.map((_, c) => m[c]! * x.reduce((total, row, i) => total + row[c]! * y[i]![c]!, 0)),
  };
}

const shapes = [
  [1, 1],
  [1, 9],
  [5, 4],
  [7, 13],
  [193, 8],
  [20, 33],
  [400, 21],
] as const;

describeKinds(() => {
  describe.each(shapes)('values and gradient, %i positions, %i channels', (m, d) => {
    const [x, dv] = [rounded([2, m, d], 'x'), rounded([2, (d * (d + 1)) / 2], 'dv')];
    const partsOf = (b: number): [Matrix, number[]] => [
      toMatrix(x.values.slice(b * m * d, (b + 1) * m * d), d),
      dv.values.slice((b * d * (d + 1)) / 2, ((b + 1) * d * (d + 1)) / 2),
    ];

    it('without factors', async () => {
      const ones = new Array<number>(d).fill(1);
      const expected = [0, 1].map((b) => {
        const [rows, v] = partsOf(b);
        return oracle(rows, ones, ones, v);
      });
      const v = await computeOn('wasm', (a) => call('TriuCovariance', { x: a! }), [x]);
      expect(v.shape).toEqual(dv.shape);
      expectNear(
        v.values,
        expected.flatMap(({ triangle }) => triangle),
      );
      const dx = await computeOn('wasm', (g, a) => call('TriuCovarianceGradient', { dv: g!, x: a! }), [dv, x]);
      expectNear(
        dx.values,
        expected.flatMap((picture) => picture.dx),
      );
    });

    it('with weights and a mask that keeps some channels of one picture, and none of the other', async () => {
      const weights = rounded([2, d], 'weights');
      const mask = { shape: [2, d], values: Array.from({ length: 2 * d }, (_, i) => (i < d && i % 3 > 0 ? 1.5 : 0)) };
      const expected = [0, 1].map((b) => {
        const [rows, v] = partsOf(b);
        const part = (values: number[]): number[] => values.slice(b * d, (b + 1) * d);
        return oracle(rows, part(weights.values), part(mask.values), v);
      });
      const v = await computeOn('wasm', (a, w, k) => call('TriuMaskedCovariance', { x: a!, weights: w!, mask: k! }), [
        x,
        weights,
        mask,
      ]);
      expectNear(
        v.values,
        expected.flatMap(({ triangle }) => triangle),
      );
      for (const [output, part] of ['dx', 'dw'].entries()) {
        const gradient = await computeOn(
          'wasm',
          (g, a, w, k) => call('TriuMaskedCovarianceGradient', { dv: g!, x: a!, weights: w!, mask: k! }, output),
          [dv, x, weights, mask],
        );
        expectNear(
          gradient.values,
          expected.flatMap((picture) => picture[part as 'dx' | 'dw']),
        );
      }
    });
  });

  describe('memory', () => {
    it('leaks no tensor', () => {
      const [x, factors] = [tensor([1, 2, 3, 4], [1, 2, 2]), tensor([[1, 2]])];
      return expectNoLeak(() => {
        call('TriuCovariance', { x }).dispose();
        call('TriuMaskedCovariance', { x, weights: factors, mask: factors }).dispose();
      });
    });
  });
});
