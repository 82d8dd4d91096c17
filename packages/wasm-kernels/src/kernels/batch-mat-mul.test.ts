import { expectCovpoolError, expectNoLeak } from '@covpool/testing';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { engine, matMul, mul, reshape, sum, tensor, tile, valueAndGrads } from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { computeOn, describeKinds, expectLikeCpu, operand } from '../against-cpu.fixture.ts';

const product =
  (transposeA = false, transposeB = false) =>
  (a: Tensor, b: Tensor): Tensor =>
    matMul(a, b, transposeA, transposeB);

/** Shapes of a and b for a product [m,k]·[k,n]. */
const shapes = (batch: number[], m: number, k: number, n: number, transposeA: boolean, transposeB: boolean) => [
  operand([...batch, ...(transposeA ? [k, m] : [m, k])], 'a'),
  operand([...batch, ...(transposeB ? [n, k] : [k, n])], 'b'),
];

describeKinds(() => {
  describe('values', () => {
    const sizes = [
      [1, 1, 1],
      [4, 8, 8],
      [5, 7, 3],
      [13, 300, 17],
      [2, 257, 9],
      [66, 33, 264],
      [15, 270, 45],
    ] as const;
    const transposes = [false, true].flatMap((a) => [false, true].map((b) => [a, b] as const));
    const cases = sizes.flatMap((size) => transposes.map((sides) => [...size, ...sides] as const));

    it.each(cases)('%i×%i·%i, transposed %s %s', (m, k, n, transposeA, transposeB) =>
      expectLikeCpu(product(transposeA, transposeB), shapes([], m, k, n, transposeA, transposeB)),
    );

    it.each(transposes)('batches, transposed %s %s', (transposeA, transposeB) =>
      expectLikeCpu(product(transposeA, transposeB), shapes([2, 3], 9, 5, 11, transposeA, transposeB)),
    );

    it.each([
      [
        [4, 3, 5],
        [1, 5, 6],
      ],
      [
        [1, 3, 5],
        [4, 5, 6],
      ],
      [
        [4, 3, 5],
        [5, 6],
      ],
      [
        [3, 5],
        [4, 5, 6],
      ],
    ])('broadcasts %j and %j', (a, b) => expectLikeCpu(product(), [operand(a, 'a'), operand(b, 'b')]));

    it('broadcasts each batch dimension by itself, as tiling does', async () => {
      const operands = [operand([2, 1, 6, 5], 'a'), operand([3, 5, 9], 'b')];
      const tiled = (a: Tensor, b: Tensor): Tensor =>
        matMul(tile(a, [1, 3, 1, 1]), tile(reshape(b, [1, 3, 5, 9]), [2, 1, 1, 1]));
      const [actual, expected] = [
        await computeOn('wasm', product(), operands),
        await computeOn('wasm', tiled, operands),
      ];
      expect(actual).toEqual(expected);
    });

    it.each([
      [
        [3, 0],
        [0, 4],
      ],
      [
        [0, 3],
        [3, 4],
      ],
      [
        [2, 3, 4],
        [2, 4, 0],
      ],
      [
        [0, 3, 4],
        [0, 4, 2],
      ],
    ])('takes empty matrices %j and %j', (a, b) => expectLikeCpu(product(), [operand(a, 'a'), operand(b, 'b')]));
  });

  describe('properties', () => {
    it('agrees with cpu on any shape', () => {
      const size = fc.integer({ min: 1, max: 40 });
      return fc.assert(
        fc.asyncProperty(
          fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
          size,
          size,
          size,
          fc.boolean(),
          fc.boolean(),
          (batch, m, k, n, a, b) => expectLikeCpu(product(a, b), shapes(batch, m, k, n, a, b)),
        ),
        { numRuns: 40, seed: 1 },
      );
    });

    it('is exact on small integers', async () => {
      const ones = (shape: number[]) => ({ shape, values: Array<number>(shape[0]! * shape[1]!).fill(1) });
      const { values } = await computeOn('wasm', product(), [ones([19, 700]), ones([700, 21])]);
      expect(new Set(Array.from(values))).toEqual(new Set([700]));
    });
  });

  describe('gradient', () => {
    it.each([
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ])('like cpu, transposed %s %s', async (a, b) => {
      const operands = [...shapes([2], 5, 7, 9, a, b), operand([2, 5, 9], 'weights')];
      for (const index of [0, 1]) {
        // The gradient is linear in each operand but the one it is taken for.
        const gradient = (x: Tensor, y: Tensor, w: Tensor): Tensor =>
          valueAndGrads((p, q) => sum(mul(matMul(p!, q!, a, b), w)))([x, y]).grads[index]!;
        await expectLikeCpu(gradient, operands);
      }
    });
  });

  describe('rejects', () => {
    it('anything but float32', () => {
      const inputs = { a: tensor([1, 2, 3, 4], [2, 2], 'int32'), b: tensor([1, 2, 3, 4], [2, 2]) };
      const attrs = { transposeA: false, transposeB: false };
      return expectCovpoolError(() => engine().runKernel('BatchMatMul', inputs, attrs), 'bad-argument', /float32/);
    });
  });

  describe('memory', () => {
    it('leaks no tensor', () => {
      const [a, b] = [tensor([1, 2, 3, 4], [2, 2]), tensor([1, 2, 3, 4], [2, 2])];
      return expectNoLeak(() => matMul(a, b).dispose());
    });
  });
});
