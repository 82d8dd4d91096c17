import { normalization, normalizations } from '@covpool/core';
import {
  batchOf,
  conjugate,
  describeEngines,
  eigen,
  expectClose,
  flatten,
  frobenius,
  identity,
  type Matrix,
  scale,
  seededGram,
  seededMatrix,
  seededValues,
  symmetrise,
  tolerance,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { grad, matMul, mul, sum, type Tensor, tensor, type Tensor3D, tidy, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import './index.ts';

/** What every square root among the normalisations must hold (specification, section 10). */

const make = (name: string) => {
  const layer = normalization(name, { name: 'root' });
  return (a: Tensor): Tensor => layer.apply(a) as Tensor;
};

const roots = normalizations.names().filter((name) => normalizations.get(name).squareRoot);

describeEngines('every square root', () => {
  describe.each(roots)('%s', (name) => {
    describe('properties', () => {
      it('is symmetric and positive', async () => {
        const q = toMatrix(await make(name)(batchOf(seededGram(5, 9))).data(), 5);
        await expectClose(flatten(q), flatten(transpose(q)), { relative: 1e-6 });
        expect(eigen(symmetrise(q)).values[4]).toBeGreaterThan(0);
      });

      it('is homogeneous of degree 1/2', async () => {
        const a = seededGram(5, 9);
        const q = await make(name)(batchOf(a)).data();
        for (const factor of [1e-3, 1, 250]) {
          const expected = q.map((value) => value * Math.sqrt(factor));
          await expectClose(make(name)(batchOf(scale(a, factor))), expected, { relative: 5 * tolerance() });
        }
      });

      it('turns with the matrix', async () => {
        const a = seededGram(5, 9);
        const v = eigen(symmetrise(seededMatrix(5, 5, 'v'))).vectors;
        const q = toMatrix(await make(name)(batchOf(a)).data(), 5);
        const turned = make(name)(batchOf(conjugate(a, v)));
        await expectClose(turned, flatten(conjugate(q, v)), { relative: 5 * tolerance() });
      });

      it('is finite with a finite gradient for zero, rank one, the identity and rank 195 of 256', async () => {
        const root = make(name);
        const large = seededRank195();
        for (const a of [zeros([1, 4, 4]), batchOf(seededGram(4, 1)), batchOf(identity(4)), large]) {
          const [q, da] = tidy(() => [root(a), grad((t: Tensor) => sum(root(t)))(a)]);
          expect((await q!.data()).every(Number.isFinite)).toBe(true);
          expect((await da!.data()).every(Number.isFinite)).toBe(true);
        }
      });
    });
  });
  describe.each(roots.filter((name) => normalizations.get(name).gradient !== 'approximate'))('%s', (name) => {
    describe('gradient', () => {
      it.each([
        ['[[2,1],[1,2]]', [[2, 1], [1, 2]]], // prettier-ignore
        ['a random matrix with a condition below 50', seededGram(5, 40)],
      ])('at %s is the derivative', async (_, a) => {
        const root = make(name);
        const d = a.length;
        const w = batchOf(symmetrise(seededMatrix(d, d, 'w', d)));
        const loss = (t: Tensor): Tensor => sum(mul(root(t), w));
        const gradient = toMatrix(await grad(loss)(batchOf(a)).data(), d);
        const value = async (m: Matrix): Promise<number> => (await tidy(() => loss(batchOf(m))).data())[0]!;
        for (const k of [0, 1, 2]) {
          const direction = symmetrise(seededMatrix(d, d, 'direction', k));
          const step = 0.02 / frobenius(direction);
          const at = (factor: number): Promise<number> =>
            value(a.map((row, i) => row.map((entry, j) => entry + factor * step * direction[i]![j]!)));
          const along = (8 * ((await at(1)) - (await at(-1))) - ((await at(2)) - (await at(-2)))) / (12 * step);
          const expected = flatten(gradient).reduce((s, v, i) => s + v * flatten(direction)[i]!, 0);
          // Rounding of the loss, some 1e-6, over the step.
          expect(Math.abs(along - expected) / (frobenius(gradient) * frobenius(direction))).toBeLessThan(1e-3);
        }
      });
    });
  });
});

/** The covariance of 196 positions and 256 channels would be slow by hand: the engine makes one of its rank. */
function seededRank195(): Tensor3D {
  return tidy(() => {
    const x = tensor(seededValues(195 * 256, 'rank'), [1, 195, 256]);
    return mul(matMul(x, x, true, false), 1 / 195);
  });
}
