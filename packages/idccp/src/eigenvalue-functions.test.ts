import {
  batchOf,
  conjugate,
  describeEngines,
  diagonal,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  flatten,
  frobenius,
  identity,
  type Matrix,
  S0,
  scale,
  seededGram,
  seededMatrix,
  seededOrthogonal,
  spectral,
  symmetricGradients,
  symmetrise,
  tolerance,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { grad, sum, type Tensor, type Tensor3D, zeros } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eigenRoot, type EigenNorm } from './eigen-root.ts';
import { logEig } from './log-eig.ts';
import { reEig } from './re-eig.ts';

const clip = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

interface Case {
  name: string;
  ours: (a: Tensor3D) => Tensor3D;
  oracle: (a: Matrix) => Matrix;
  /** What a zero matrix becomes a multiple of I with. */
  zero: number;
}

const cases: Case[] = [
  {
    name: 'eigenRoot',
    ours: eigenRoot,
    oracle: (a) =>
      scale(
        spectral(a, (value) => Math.sqrt(clip(value, 1e-6, 1e6))),
        1 / (frobenius(a) || 1),
      ),
    zero: 1e-3,
  },
  {
    name: 'logEig',
    ours: logEig,
    oracle: (a) => spectral(a, (value) => Math.log(Math.max(value, 1e-6))),
    zero: Math.log(1e-6),
  },
  { name: 'reEig', ours: reEig, oracle: (a) => spectral(a, (value) => clip(value, 1e-4, 1e4)), zero: 1e-4 },
];

const inputs: [string, Matrix][] = [
  ['[[2,1],[1,2]]', S0],
  ['a random matrix', seededGram(5, 12)],
  ['one of rank 2', seededGram(5, 2)],
  ['one of rank 1', seededGram(5, 1)],
  ['the identity', identity(4)],
  ['one of condition 1e12', diagonal([1e3, 1, 1e-3, 1e-9])],
];

const rotation = (d: number): Matrix => seededOrthogonal(d, 'rotation', d);

for (const { name, ours, oracle, zero } of cases) {
  describeEngines(name, () => {
    describe('values', () => {
      it.each(inputs)('of %s are those of the definition (spec 8.4)', async (_, a) => {
        await expectClose(ours(batchOf(a, scale(a, 0.5))), [...flatten(oracle(a)), ...flatten(oracle(scale(a, 0.5)))]);
      });

      it('of the zero matrix are finite', () => expectClose(ours(zeros([1, 3, 3])), flatten(scale(identity(3), zero))));
    });

    describe('properties', () => {
      it('are symmetric and equivariant to rotations', async () => {
        await fc.assert(
          fc.asyncProperty(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 9 }), async (d, rows) => {
            const [a, v] = [seededGram(d, rows, 'property'), rotation(d)];
            const result = toMatrix(await ours(batchOf(a)).data(), d);
            expect(flatten(result)).toEqual(flatten(transpose(result)));
            const turned = conjugate(a, v);
            // What rounding the turned matrix to float32 makes of zero eigenvalues stays below all floors.
            await expectClose(ours(batchOf(turned)), flatten(conjugate(result, v)), {
              relative: 5 * tolerance(),
            });
          }),
          { seed: 8, numRuns: 20 },
        );
      });
    });

    describe('gradient', () => {
      it.each<[string, Matrix]>([
        ['[[2,1],[1,2]]', S0],
        ['a random matrix', seededGram(4, 9)],
        ['twice the identity', scale(identity(3), 2)],
      ])('at %s is the derivative of the definition', async (_, a) => {
        const w = symmetrise(seededMatrix(a.length, a.length, 'w'));
        const { actual, expected } = await symmetricGradients(a, w, ours, oracle);
        await expectClose(actual, expected);
      });

      it.each(inputs)('at %s is finite', async (_, a) => {
        const values = await grad((x: Tensor) => sum(ours(x as Tensor3D)))(batchOf(a)).data();
        expect(values.every(Number.isFinite)).toBe(true);
      });

      it('is zero at the zero matrix', () =>
        expectClose(grad((x: Tensor) => sum(ours(x as Tensor3D)))(zeros([1, 2, 2])), [0, 0, 0, 0], { relative: 0 }));
    });

    describe('rejects', () => {
      it('matrices that are not square', () =>
        expectCovpoolError(() => ours(zeros([1, 2, 3])), 'bad-argument', new RegExp(`^${name}: .*got \\[1,2,3\\]`)));
    });

    describe('memory', () => {
      it('keeps nothing but what it returns', async () => {
        const a = batchOf(S0);
        await expectNoLeak(() => ours(a).dispose());
        await expectNoLeak(() => grad((x: Tensor) => sum(ours(x as Tensor3D)))(a).dispose());
      });
    });
  });
}

describeEngines('eigenRoot of a batch', { host: true }, () => {
  const [a, b] = [seededGram(3, 8, 'a'), scale(seededGram(3, 8, 'b'), 4)];

  it('divides by each matrix’s norm, so that batches change nothing (spec 8.1)', async () => {
    const alone = [...(await eigenRoot(batchOf(a)).data()), ...(await eigenRoot(batchOf(b)).data())];
    await expectClose(eigenRoot(batchOf(a, b)), alone, { relative: 0 });
  });

  it('divides by the norm of all eigenvalues with norm batch, as released (spec 8.1)', async () => {
    const root = (m: Matrix): number[] => flatten(spectral(m, Math.sqrt));
    const norm = Math.hypot(frobenius(a), frobenius(b));
    await expectClose(
      eigenRoot(batchOf(a, b), { norm: 'batch' }),
      [...root(a), ...root(b)].map((value) => value / norm),
    );
    const alone = await eigenRoot(batchOf(a)).data();
    await expectClose(eigenRoot(batchOf(a), { norm: 'batch' }), alone);
  });

  it('keeps its options’ ranges', async () => {
    await expectCovpoolError(() => eigenRoot(batchOf(a), { norm: 'l2' as EigenNorm }), 'bad-argument', /got 'l2'/);
    await expectCovpoolError(() => logEig(batchOf(a), { floor: 0 }), 'bad-argument', /^logEig: floor .*got 0/);
    await expectCovpoolError(() => reEig(batchOf(a), { lowest: 2, highest: 1 }), 'bad-argument', /got 2 and 1/);
  });

  it('takes the bounds it is given', async () => {
    await expectClose(logEig(batchOf(diagonal([Math.E, 1e-9])), { floor: 1e-2 }), [1, 0, 0, Math.log(1e-2)]);
    await expectClose(reEig(batchOf(diagonal([9, 1e-9])), { lowest: 2, highest: 3 }), [3, 0, 0, 2]);
  });
});
