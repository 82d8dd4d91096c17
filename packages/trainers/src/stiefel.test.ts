import { retractions } from '@covpool/core';
import {
  describeEngines,
  expectClose,
  expectNoLeak,
  flatten,
  frobenius,
  identity,
  type Matrix,
  minus,
  plus,
  scale,
  seededMatrix,
  spectral,
  symmetrise,
  times,
  tolerance,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alongStiefel, retract } from './stiefel.ts';

const toTensor = (a: Matrix): Tensor2D => tensor(flatten(a), [a.length, a[0]!.length]);

const fromTensor = async (a: Tensor2D): Promise<Matrix> => toMatrix(await a.data(), a.shape[1]);

/** A point of the manifold: the polar factor of a random matrix. */
function point(n: number, p: number, ...key: (string | number)[]): Matrix {
  const a = seededMatrix(n, p, 'point', ...key);
  return times(
    a,
    spectral(times(transpose(a), a), (value) => value ** -0.5),
  );
}

const projected = (w: Matrix, e: Matrix): Matrix => minus(e, times(w, symmetrise(times(transpose(w), e))));

/** One tile of a product, and several. */
const sizes: [number, number][] = [
  [6, 3],
  [50, 36],
];

const distance = (w: Matrix): number => frobenius(minus(times(transpose(w), w), identity(w[0]!.length)));

describeEngines('retract', () => {
  describe('values', () => {
    it('by qr is Q with a positive diagonal of R (spec 8.2)', async () => {
      const w = point(6, 3);
      const step = projected(w, seededMatrix(6, 3, 'step'));
      const q = await fromTensor(retract(toTensor(w), toTensor(step), 0.5, 'qr'));
      const r = times(transpose(q), minus(w, scale(step, 0.5)));
      r.forEach((row, i) => {
        expect(row[i]).toBeGreaterThan(0);
        for (let j = 0; j < i; j++) expect(Math.abs(row[j]!)).toBeLessThan(1e-6);
      });
      expect(distance(q)).toBeLessThan(1e-6);
    });

    it.each(sizes)('by polar factor is (W − lr R)(I + lr² RᵀR)^(−1/2) (spec 8.2), %i×%i', async (n, p) => {
      const w = point(n, p);
      for (const lr of [0.01, 1, 30]) {
        const step = projected(w, seededMatrix(n, p, 'step'));
        const inner = plus(identity(p), scale(times(transpose(step), step), lr ** 2));
        const expected = times(
          minus(w, scale(step, lr)),
          spectral(inner, (value) => value ** -0.5),
        );
        await expectClose(retract(toTensor(w), toTensor(step), lr, 'polar'), flatten(expected));
      }
    });

    it.each(sizes)(
      'by Cayley transform solves (I − A/2) Y = (I + A/2) W with its skew A (spec 8.2), %i×%i',
      async (n, p) => {
        const w = point(n, p);
        const step = scale(projected(w, seededMatrix(n, p, 'step')), -0.7);
        const outer = minus(identity(n), scale(times(w, transpose(w)), 0.5));
        const half = times(times(outer, step), transpose(w));
        const a = minus(half, transpose(half));
        const y = await fromTensor(retract(toTensor(w), toTensor(scale(step, -1 / 0.7)), 0.7, 'cayley'));
        const [left, right] = [minus(identity(n), scale(a, 0.5)), plus(identity(n), scale(a, 0.5))];
        await expectClose(flatten(times(left, y)), flatten(times(right, w)));
      },
    );

    it('rotates a plane by the angle of each retraction', async () => {
      // At W = (1,0)ᵀ with the step (0,t)ᵀ: atan t for both projections, 2 atan(t/2) for the Cayley transform.
      const t = 0.8;
      for (const retraction of retractions) {
        const angle = retraction === 'cayley' ? 2 * Math.atan(t / 2) : Math.atan(t);
        await expectClose(retract(toTensor([[1], [0]]), toTensor([[0], [-1]]), t, retraction), [
          Math.cos(angle),
          Math.sin(angle),
        ]);
      }
    });
  });

  describe('properties', () => {
    it.each(retractions)('by %s stays on the manifold after 100 steps (spec 8.6)', async (retraction) => {
      let w = toTensor(point(24, 6));
      for (let step = 0; step < 100; step++) {
        const e = toTensor(seededMatrix(24, 6, 'walk', step));
        w = tidy(() => retract(w, alongStiefel(w, e), 0.1, retraction));
      }
      expect(distance(await fromTensor(w))).toBeLessThan(1e-5);
    });

    it.each(retractions)(
      'by %s of more columns than a tile is orthonormal, and goes along the step',
      async (retraction) => {
        const [n, p, lr] = [70, 36, 1e-3];
        const w = point(n, p);
        const step = projected(w, seededMatrix(n, p, 'step'));
        const moved = await fromTensor(retract(toTensor(w), toTensor(step), lr, retraction));
        // Each of the p² inner products sums n products that are rounded to some 2⁻²⁴/√n of what they add up to.
        expect(distance(moved)).toBeLessThan(4 * p * 2 ** -24);
        expect(frobenius(minus(moved, minus(w, scale(step, lr))))).toBeLessThan(
          (lr * frobenius(step)) ** 2 + p * 2 ** -24,
        );
      },
    );

    it.each(retractions)('by %s returns to the manifold what has drifted off', async (retraction) => {
      const w = plus(point(8, 3), scale(seededMatrix(8, 3, 'drift'), 1e-2));
      const at = toTensor(w);
      const moved = retract(at, alongStiefel(at, toTensor(seededMatrix(8, 3, 'e'))), 0.1, retraction);
      expect(distance(await fromTensor(moved))).toBeLessThan(1e-6);
    });

    it('goes along the step to first order, and nowhere at lr = 0', async () => {
      const w = point(5, 2);
      const step = projected(w, seededMatrix(5, 2, 'step'));
      const lr = 1e-2;
      for (const retraction of retractions) {
        const still = retract(toTensor(w), toTensor(step), 0, retraction);
        await expectClose(still, flatten(w), { relative: 1e-6 });
        const moved = await fromTensor(retract(toTensor(w), toTensor(step), lr, retraction));
        const error = frobenius(minus(moved, minus(w, scale(step, lr))));
        // The second-order term is at most half the square of the step, and rounding is far below it.
        expect(error).toBeLessThan((lr * frobenius(step)) ** 2);
      }
    });

    it('is equivariant to rotations of the rows', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.constantFrom(...retractions),
          fc.integer({ min: 2, max: 6 }),
          fc.integer({ min: 0, max: 9 }),
          async (retraction, n, seed) => {
            const p = 1 + (seed % n);
            const [w, turn] = [point(n, p, seed), point(n, n, 'turn', seed)];
            const step = projected(w, seededMatrix(n, p, 'step', seed));
            const moved = await fromTensor(retract(toTensor(w), toTensor(step), 0.3, retraction));
            const turned = retract(toTensor(times(turn, w)), toTensor(times(turn, step)), 0.3, retraction);
            await expectClose(turned, flatten(times(turn, moved)));
          },
        ),
        { seed: 8, numRuns: 20 },
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [w, step] = [toTensor(point(5, 2)), toTensor(seededMatrix(5, 2, 'step'))];
      for (const retraction of retractions) await expectNoLeak(() => retract(w, step, 0.1, retraction).dispose());
    });
  });
});

describeEngines('alongStiefel', () => {
  describe('values', () => {
    it('is E − W sym(WᵀE) (spec 8.2)', async () => {
      const [w, e] = [point(7, 3), seededMatrix(7, 3, 'e')];
      await expectClose(alongStiefel(toTensor(w), toTensor(e)), flatten(projected(w, e)));
    });
  });

  describe('properties', () => {
    it('is tangent, and a projection', async () => {
      const w = point(7, 3);
      const along = await fromTensor(alongStiefel(toTensor(w), toTensor(seededMatrix(7, 3, 'e'))));
      const skew = symmetrise(times(transpose(w), along));
      expect(frobenius(skew)).toBeLessThan(tolerance() * frobenius(along));
      await expectClose(alongStiefel(toTensor(w), toTensor(along)), flatten(along));
    });

    it('of W itself is nothing: decay has no part along the manifold', async () => {
      const w = point(7, 3);
      await expectClose(alongStiefel(toTensor(w), toTensor(w)), new Array<number>(21).fill(0), { absolute: 1e-6 });
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [w, e] = [toTensor(point(5, 2)), toTensor(seededMatrix(5, 2, 'e'))];
      await expectNoLeak(() => alongStiefel(w, e).dispose());
    });
  });
});
