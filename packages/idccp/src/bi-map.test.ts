import {
  batchOf,
  conjugate,
  describeEngines,
  eigen,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  flatten,
  identity,
  inner,
  type Matrix,
  numericGradient,
  seededGram,
  seededMatrix,
  symmetrise,
  times,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { grads, mul, sum, type Tensor, tensor, type Tensor2D, type Tensor3D } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { biMap } from './bi-map.ts';

const weight = (w: Matrix): Tensor2D => tensor(flatten(w), [w.length, w[0]!.length]);

describeEngines('biMap', () => {
  describe('values', () => {
    it('is WᵀAW of each matrix, symmetric or not (spec 8.1)', async () => {
      const [a, b, w] = [seededMatrix(5, 5, 'a'), seededGram(5, 9), seededMatrix(5, 2, 'w')];
      const compressed = biMap(batchOf(a, b), weight(w));
      expect(compressed.shape).toEqual([2, 2, 2]);
      const expected = [a, b].flatMap((m) => flatten(times(times(transpose(w), m), w)));
      await expectClose(compressed, expected);
    });

    it('with W = I is the matrix itself (spec 8.6)', async () => {
      const a = seededGram(4, 9);
      await expectClose(biMap(batchOf(a), weight(identity(4))), flatten(a), { relative: 1e-6 });
    });
  });

  describe('properties', () => {
    it('by orthonormal columns has eigenvalues within the range of the matrix’s', async () => {
      const a = seededGram(6, 9);
      const { vectors } = eigen(symmetrise(seededMatrix(6, 6, 'basis')));
      const w = vectors.map((row) => row.slice(0, 3));
      const compressed = toMatrix(await biMap(batchOf(a), weight(w)).data(), 3);
      const [outer, within] = [eigen(a).values, eigen(symmetrise(compressed)).values];
      // Poincaré's separation theorem.
      within.forEach((value, i) => {
        expect(value).toBeLessThan(outer[i]! + 1e-5);
        expect(value).toBeGreaterThan(outer[i + 3]! - 1e-5);
      });
    });
  });

  describe('gradient', () => {
    it('is 2AWG and WGWᵀ for symmetric A and G (spec 8.2)', async () => {
      const [a, w, g] = [seededGram(4, 9), seededMatrix(4, 2, 'w'), symmetrise(seededMatrix(2, 2, 'g'))];
      const [dA, dW] = grads((x: Tensor, y: Tensor) => sum(mul(biMap(x as Tensor3D, y as Tensor2D), batchOf(g))))([
        batchOf(a),
        weight(w),
      ]);
      await expectClose(dA!, flatten(conjugate(g, w)));
      await expectClose(
        dW!,
        flatten(times(times(a, w), g)).map((value) => 2 * value),
      );
    });

    it('is that of the definition for any A and G, summed over the batch for W', async () => {
      const [a, b, w, g] = [
        seededMatrix(3, 3, 'a'),
        seededMatrix(3, 3, 'b'),
        seededMatrix(3, 2, 'w'),
        seededMatrix(2, 2, 'g'),
      ];
      const value = (m: Matrix, v: Matrix): number => inner(times(times(transpose(v), m), v), g);
      const [dA, dW] = grads((x: Tensor, y: Tensor) => sum(mul(biMap(x as Tensor3D, y as Tensor2D), batchOf(g))))([
        batchOf(a, b),
        weight(w),
      ]);
      const ofA = numericGradient((entries) => value(toMatrix(entries, 3), w), flatten(a));
      await expectClose(dA!, [...ofA, ...ofA]);
      const ofW = numericGradient((v) => value(a, toMatrix(v, 2)) + value(b, toMatrix(v, 2)), flatten(w));
      await expectClose(dW!, ofW);
    });
  });

  describe('rejects', () => {
    it('a weight of another side', () =>
      expectCovpoolError(
        () => biMap(batchOf(identity(3)), weight(seededMatrix(4, 2, 'w'))),
        'bad-argument',
        /got \[1,3,3\] and \[4,2\]/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [a, w] = [batchOf(identity(3)), weight(seededMatrix(3, 2, 'w'))];
      await expectNoLeak(() => biMap(a, w).dispose());
    });
  });
});
