import { modelState, pooling } from '@covpool/core';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  expectTrainsAndReloads,
  flatten,
  type Matrix,
  numericGradient,
  scale,
  seededTensor,
  seededValues,
  times,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { grads, mul, sum, type Tensor, tensor, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { lowRankBilinearPooling } from './layers.ts';
import { lowRankBilinear } from './low-rank-bilinear.ts';

function oracle(a: Matrix, b: Matrix): number[] {
  const rooted = flatten(scale(times(transpose(a), b), 1 / a.length)).map(
    (value) => Math.sign(value) * Math.sqrt(Math.abs(value) + 1e-12),
  );
  return rooted.map((value) => value / Math.hypot(...rooted));
}

describeEngines('lowRankBilinear', () => {
  describe('values', () => {
    it('are those of the definition (spec 8.4)', async () => {
      const [a, b] = [seededTensor([2, 2, 3, 4], 'a'), seededTensor([2, 2, 3, 4], 'b')];
      const [p, q] = [toMatrix(await a.data(), 4), toMatrix(await b.data(), 4)];
      const expected = [0, 6].flatMap((from) => oracle(p.slice(from, from + 6), q.slice(from, from + 6)));
      await expectClose(lowRankBilinear(a, b), expected);
    });

    it('of nothing are nothing', () => {
      const nothing = zeros([1, 3, 2]);
      return expectClose(lowRankBilinear(nothing, nothing), [0, 0, 0, 0], { relative: 0 });
    });
  });

  describe('properties', () => {
    it('train, save and reload, named as in the authors’ code', async () => {
      const create = () => pooling('lrbp', { rank: 3, name: 'pool', inputShape: [4, 4, 5] });
      const layer = create();
      layer.build([null, 4, 4, 5]);
      expect(layer.computeOutputShape([null, 4, 4, 5])).toEqual([null, 9]);
      expect(modelState(layer).map(({ name }) => name)).toEqual([
        'pool.project_a.weight',
        'pool.project_a.bias',
        'pool.project_b.weight',
        'pool.project_b.bias',
      ]);
      await expectTrainsAndReloads(() => [create()], [4, 4, 5]);
    });
  });

  describe('gradient', () => {
    it('is the derivative of the definition', async () => {
      const [a, b, weights] = [seededValues(15, 'a'), seededValues(15, 'b'), seededValues(9, 'weights')];
      const loss = (p: number[], q: number[]): number =>
        oracle(toMatrix(p, 3), toMatrix(q, 3)).reduce((total, value, i) => total + value * weights[i]!, 0);
      const [da, db] = grads((p: Tensor, q: Tensor) => sum(mul(lowRankBilinear(p, q), tensor(weights, [1, 9]))))([
        tensor(a, [1, 5, 3]),
        tensor(b, [1, 5, 3]),
      ]);
      await expectClose(
        da!,
        numericGradient((values) => loss(values, b), a),
      );
      await expectClose(
        db!,
        numericGradient((values) => loss(a, values), b),
      );
    });
  });

  describe('rejects', () => {
    it('projections that differ in shape, and ranks that are none', async () => {
      const differing = () => lowRankBilinear(zeros([1, 3, 2]), zeros([1, 3, 4]));
      await expectCovpoolError(differing, 'bad-argument', /one shape, got \[1,3,2\] and \[1,3,4\]/);
      await expectCovpoolError(() => lowRankBilinearPooling({ name: 'head', rank: 0 }), 'bad-argument', /^head: rank/);
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const x = seededTensor([1, 3, 2], 'memory');
      await expectNoLeak(() => lowRankBilinear(x, x).dispose());
    });
  });
});
