import {
  batchOf,
  covarianceOracle,
  describeEngines,
  diagonal,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  flatten,
  frobenius,
  identity,
  type Matrix,
  newtonSchulzOracle,
  numericGradient,
  plus,
  scale,
  seededGram,
  seededMatrix,
  seededTensor,
  seededValues,
  spectral,
  times,
  toMatrix,
  transpose,
  triu,
} from '@covpool/testing';
import {
  concat,
  grads,
  mul,
  slice,
  sum,
  type Tensor,
  tensor,
  type Tensor2D,
  type Tensor4D,
  zeros,
} from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { d4Elements, d4Transform, d4Transforms } from './d4.ts';
import { idccp, type IdccpOptions } from './idccp.ts';
import { trivialRepresentation } from './trivial-representation.ts';

const weight = (w: Matrix): Tensor2D => tensor(flatten(w), [w.length, w[0]!.length]);

/** Orthonormal columns. */
const basis = (n: number, p: number): Matrix => {
  const a = seededMatrix(n, p, 'basis');
  return times(
    a,
    spectral(times(transpose(a), a), (value) => value ** -0.5),
  );
};

/** The descriptor of the copies of one picture, each a matrix of rows. */
function oracle(copies: Matrix[], w: Matrix, iterations = 5): number[] {
  const total = copies.map(covarianceOracle).reduce(plus);
  const compressed = times(times(transpose(w), scale(total, 1 / frobenius(total))), w);
  const root = spectral(compressed, (value) => Math.sqrt(Math.min(Math.max(value, 1e-6), 1e6)));
  const twice = newtonSchulzOracle(scale(root, 1 / frobenius(compressed)), iterations);
  const rooted = triu(twice).map((value) => Math.sign(value) * Math.sqrt(Math.abs(value) + 1e-12));
  const norm = Math.hypot(...rooted);
  return rooted.map((value) => value / norm);
}

const r3 = Math.sqrt(3);

describeEngines('idccp', () => {
  describe('values', () => {
    it('at S0 = [[2,1],[1,2]], W = I are the computed ones (spec 8.6)', async () => {
      // ±√3(1,1), ±(1,−1): covariance S0.
      const x = tensor([r3, r3, -r3, -r3, 1, -1, -1, 1], [1, 4, 2]);
      const descriptor = idccp(x, weight(identity(2)));
      await expectClose(descriptor, [0.68415047, 0.25273757, 0.68415047]);
      const fourthRoot = triu(
        spectral(
          [
            [2, 1],
            [1, 2],
          ],
          (value) => value ** 0.25,
        ),
      ).map(Math.sqrt);
      await expectClose(
        descriptor,
        fourthRoot.map((value) => value / Math.hypot(...fourthRoot)),
      );
    });

    it('are those of the pipeline, step by step (spec 8.1)', async () => {
      const [x, w] = [seededTensor([2 * 3, 9, 6], 'features'), basis(6, 3)];
      const rows = toMatrix(await x.data(), 6);
      const maps = Array.from({ length: 6 }, (_, i) => rows.slice(9 * i, 9 * i + 9));
      const pictures = [0, 1, 2].map((b) => [maps[b]!, maps[3 + b]!]);
      for (const iterations of [1, 5]) {
        await expectClose(
          idccp(x, weight(w), { transforms: 2, iterations }),
          pictures.flatMap((copies) => oracle(copies, w, iterations)),
        );
      }
    });

    it('do not depend on the norm of the batch but for rounding, which the last norm takes out', async () => {
      const [x, w] = [seededTensor([3, 4, 4, 6], 'features'), weight(basis(6, 3))];
      await expectClose(idccp(x, w, { eigenNorm: 'batch' }), await idccp(x, w).data());
    });

    it.each([
      ['constant', () => 3],
      ['zero', () => 0],
    ])('and gradients of a %s picture are finite', async (_, fillWith) => {
      const x = tensor(seededValues(32, 'x').map(fillWith), [1, 8, 4]);
      const w = weight(basis(4, 2));
      const [dx, dw] = grads((a: Tensor, b: Tensor) => sum(idccp(a, b as Tensor2D)))([x, w]);
      for (const values of [await idccp(x, w).data(), await dx!.data(), await dw!.data()])
        expect(values.every(Number.isFinite)).toBe(true);
    });

    it('of a single direction are finite, and of length 1', async () => {
      const x = tensor(times(seededMatrix(8, 1, 'one'), seededMatrix(1, 4, 'direction')).flat(), [1, 8, 4]);
      const [descriptor] = [await idccp(x, weight(basis(4, 3))).data()];
      expect(Math.hypot(...descriptor)).toBeCloseTo(1, 5);
    });
  });

  describe('properties', () => {
    it('do not change when all copies of a picture are moved by g, for every g of D4 (spec 8.6)', async () => {
      const features = (picture: Tensor4D): Tensor4D => {
        // A trunk that tells directions apart: differences between neighbours to the right.
        const copies = d4Transforms(picture);
        const [batch, side] = copies.shape;
        const left = slice(copies, [0, 0, 0, 0], [batch, side, side - 1, 3]);
        const right = slice(copies, [0, 0, 1, 0], [batch, side, side - 1, 3]);
        return concat([left, mul(left, right) as Tensor4D], 3);
      };
      const picture = seededTensor([2, 5, 5, 3], 'picture') as Tensor4D;
      const w = weight(basis(6, 4));
      const described = (g: (typeof d4Elements)[number]): Tensor2D =>
        idccp(features(d4Transform(picture, g)), w, { transforms: 8 });
      const expected = await described('e').data();
      for (const g of d4Elements) await expectClose(described(g), expected);
      const single = (g: (typeof d4Elements)[number]): Tensor2D =>
        idccp(slice(features(d4Transform(picture, g)), [0, 0, 0, 0], [2, 5, 4, 6]), w);
      await expect(expectClose(single('rf'), await single('e').data())).rejects.toThrow('differs by');
    });

    it('have length 1 and do not change with scale, shift or the order of positions', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 3, max: 6 }),
          fc.integer({ min: 4, max: 9 }),
          fc.double({ min: 0.1, max: 10, noNaN: true }),
          async (d, positions, factor) => {
            const x = seededMatrix(positions, d, `x${d}`);
            const w = weight(basis(d, 2));
            const asTensor = (rows: Matrix): Tensor => tensor(flatten(rows), [1, positions, d]);
            const descriptor = await idccp(asTensor(x), w).data();
            expect(Math.hypot(...descriptor)).toBeCloseTo(1, 5);
            const moved = [...x].reverse().map((row) => row.map((value, j) => factor * value + j));
            await expectClose(idccp(asTensor(moved), w), descriptor);
          },
        ),
        { seed: 8, numRuns: 15 },
      );
    });
  });

  describe('gradient', () => {
    it('is the derivative of the pipeline by features and weight', async () => {
      const [at, w] = [seededValues(2 * 2 * 6 * 4, 'at'), basis(4, 2)];
      const weights = seededValues(2 * 3, 'weights');
      const loss = (values: number[], v: Matrix): number => {
        const rows = toMatrix(values, 4);
        const maps = [0, 1, 2, 3].map((i) => rows.slice(6 * i, 6 * i + 6));
        return [0, 1]
          .flatMap((b) => oracle([maps[b]!, maps[2 + b]!], v))
          .reduce((total, value, i) => total + value * weights[i]!, 0);
      };
      const options: IdccpOptions = { transforms: 2 };
      const [dx, dw] = grads((x: Tensor, v: Tensor) =>
        sum(mul(idccp(x, v as Tensor2D, options), tensor(weights, [2, 3]))),
      )([tensor(at, [4, 6, 4]), weight(w)]);
      await expectClose(
        dx!,
        numericGradient((values) => loss(values, w), at),
      );
      const ofWeight = numericGradient((entries) => loss(at, toMatrix(entries, 2)), flatten(w));
      await expectClose(dw!, ofWeight);
    });
  });

  describe('rejects', () => {
    it('batches that are no copies', () =>
      expectCovpoolError(
        () => idccp(zeros([3, 4, 2]), weight(identity(2)), { transforms: 8 }),
        'bad-argument',
        /8 copies of every picture, got 3 feature maps; siamese/,
      ));
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [x, w] = [seededTensor([2, 6, 4], 'memory'), weight(basis(4, 2))];
      await expectNoLeak(() => idccp(x, w, { transforms: 2 }).dispose());
      await expectNoLeak(() => {
        const [dx, dw] = grads((a: Tensor, b: Tensor) => sum(idccp(a, b as Tensor2D)))([x, w]);
        dx!.dispose();
        dw!.dispose();
      });
    });
  });
});

describeEngines('trivialRepresentation', () => {
  it('is the mean over copies, picture by picture (spec 8.1)', async () => {
    const matrices = [0, 1, 2, 3].map((key) => seededGram(3, 5, key));
    const expected = [0, 1].flatMap((b) => flatten(scale(plus(matrices[b]!, matrices[b + 2]!), 0.5)));
    await expectClose(trivialRepresentation(batchOf(...matrices), 2), expected);
    await expectClose(trivialRepresentation(batchOf(diagonal([1, 2])), 1), [1, 0, 0, 2], { relative: 0 });
  });
});
