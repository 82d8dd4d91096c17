import { covarianceOracle, expectNoLeak, toMatrix } from '@covpool/testing';
import { engine, type NamedTensorMap, type Tensor, tensor } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { computeOn, describeKinds, operand } from '../against-cpu.fixture.ts';

const means = (x: Tensor): Tensor => {
  const [rows, result] = engine().runKernel('PositionMeans', { x }) as unknown as [Tensor, Tensor];
  rows.dispose();
  return result;
};
const correlation = (x: Tensor, weights: Tensor): Tensor =>
  (engine().runKernel('ChannelCorrelation', { x, weights } as unknown as NamedTensorMap) as Tensor[])[0]!;

describeKinds(() => {
  describe.each([
    [1, 1],
    [3, 4],
    [5, 7],
    [21, 8],
    [49, 19],
    [2, 64],
  ])('values, %i positions, %i channels', (m, d) => {
    const [x, w] = [operand([2, m, d], 'x'), operand([2, d], 'w')];
    const pictures = [0, 1].map((b) => toMatrix(x.values.slice(b * m * d, (b + 1) * m * d).map(Math.fround), d));

    it('means of float64 sums', async () => {
      const expected = pictures.flatMap((rows) =>
        rows[0]!.map((_, c) => rows.reduce((total, row) => total + row[c]!, 0) / m),
      );
      const { values } = await computeOn('wasm', (a) => means(a!), [x]);
      expect(Array.from(values)).toEqual(expected.map((value) => expect.closeTo(value, 6)));
    });

    it('row sums of the weighted covariance', async () => {
      const expected = pictures.flatMap((rows, b) => {
        const own = w.values.slice(b * d, (b + 1) * d).map(Math.fround);
        const sigma = covarianceOracle(rows.map((row) => row.map((value, c) => value * own[c]!)));
        return sigma.map((row) => row.reduce((total, value) => total + value, 0));
      });
      const { values } = await computeOn('wasm', (a, k) => correlation(a!, k!), [x, w]);
      // Numbers of size 1, 64 of them at most in a sum: 2⁻²⁴·64 is 4e-6.
      expected.forEach((value, i) => expect(Math.abs(values[i]! - value)).toBeLessThanOrEqual(4e-6 * d));
    });
  });

  describe('memory', () => {
    it('leaks no tensor', () => {
      const [x, w] = [tensor([1, 2, 3, 4], [1, 2, 2]), tensor([[1, 2]])];
      return expectNoLeak(() => {
        means(x).dispose();
        correlation(x, w).dispose();
      });
    });
  });
});
