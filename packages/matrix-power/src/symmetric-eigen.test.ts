import { eigen, seededMatrix, toMatrix } from '@covpool/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { symmetricEigen } from './symmetric-eigen.ts';

/** ‖A V − V Λ‖∞ and ‖VᵀV − I‖∞ of a decomposition. */
function residuals(a: ArrayLike<number>, d: number): { equation: number; orthogonality: number } {
  const { values, vectors } = symmetricEigen(a, d);
  let [equation, orthogonality] = [0, 0];
  for (let k = 0; k < d; k++) {
    for (let i = 0; i < d; i++) {
      let [product, inner] = [0, 0];
      for (let j = 0; j < d; j++) {
        product += ((a[i * d + j]! + a[j * d + i]!) / 2) * vectors[k * d + j]!;
        inner += vectors[i * d + j]! * vectors[k * d + j]!;
      }
      equation = Math.max(equation, Math.abs(product - values[k]! * vectors[k * d + i]!));
      orthogonality = Math.max(orthogonality, Math.abs(inner - (i === k ? 1 : 0)));
    }
  }
  return { equation, orthogonality };
}

/** A random Gram matrix of `rows` vectors. */
function gram(d: number, rows: number, ...key: string[]): number[] {
  const x = seededMatrix(rows, d, 'eigen', d, rows, ...key);
  return Array.from({ length: d * d }, (_, at) =>
    x.reduce((sum, row) => sum + row[Math.floor(at / d)]! * row[at % d]!, 0),
  );
}

describe('symmetricEigen', () => {
  describe('values', () => {
    it('finds the eigenvalues of [[2,1],[1,2]]', () => {
      const { values, vectors } = symmetricEigen([2, 1, 1, 2], 2);
      expect(values[0]).toBeCloseTo(3, 14);
      expect(values[1]).toBeCloseTo(1, 14);
      expect(vectors[0]).toBeCloseTo(Math.SQRT1_2, 14);
      expect(vectors[1]).toBeCloseTo(Math.SQRT1_2, 14);
    });

    it('sorts a diagonal matrix and keeps zeros, ones and negative values', () => {
      expect([...symmetricEigen([1, 0, 0, 0, -4, 0, 0, 0, 2], 3).values]).toEqual([2, 1, -4]);
      expect([...symmetricEigen(new Float64Array(16), 4).values]).toEqual([0, 0, 0, 0]);
      expect([...symmetricEigen([5], 1).values]).toEqual([5]);
      expect(symmetricEigen([], 0).values).toHaveLength(0);
    });

    it('agrees with Jacobi rotations', () => {
      const a = gram(9, 14);
      const { values } = eigen(toMatrix(a, 9));
      const ours = symmetricEigen(a, 9).values;
      values.forEach((value, i) => expect(Math.abs(ours[i]! - value)).toBeLessThan(1e-13 * values[0]!));
    });
  });

  describe('properties', () => {
    it('decomposes random matrices of every size and rank', () => {
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: 20 }),
          fc.integer({ min: 0, max: 24 }),
          fc.double({ min: -150, max: 150, noNaN: true }),
          (d, rows, exponent) => {
            const a = gram(d, rows).map((value) => value * 10 ** exponent);
            const size = Math.max(...a.map(Math.abs), 0);
            const { equation, orthogonality } = residuals(a, d);
            // d products of numbers of this size, and as many rotations, each with a rounding of 2⁻⁵³.
            expect(equation).toBeLessThanOrEqual(64 * d * Number.EPSILON * size);
            expect(orthogonality).toBeLessThan(64 * d * Number.EPSILON);
          },
        ),
        { seed: 3, numRuns: 200 },
      );
    });

    it.each([
      [48, 100],
      [195, 256],
    ])('decomposes rank %i of %i', (rank, d) => {
      const a = gram(d, rank);
      const { equation, orthogonality } = residuals(a, d);
      const { values } = symmetricEigen(a, d);
      expect(equation).toBeLessThan(64 * d * Number.EPSILON * values[0]!);
      expect(orthogonality).toBeLessThan(64 * d * Number.EPSILON);
      expect(values[rank - 1]!).toBeGreaterThan(1e-6 * values[0]!);
      expect(Math.abs(values[rank]!)).toBeLessThan(1e-13 * values[0]!);
    });

    it('keeps an orthonormal basis of repeated eigenvalues, and a condition of 1e12', () => {
      const identity = Float64Array.from({ length: 49 }, (_, at) => (at % 8 === 0 ? 3 : 0));
      expect(residuals(identity, 7)).toEqual({ equation: 0, orthogonality: 0 });
      const v = symmetricEigen(gram(8, 8), 8).vectors;
      const spectrum = Array.from({ length: 8 }, (_, k) => 10 ** ((-12 * k) / 7));
      const a = Array.from({ length: 64 }, (_, at) =>
        spectrum.reduce((sum, value, k) => sum + value * v[k * 8 + Math.floor(at / 8)]! * v[k * 8 + (at % 8)]!, 0),
      );
      const { values } = symmetricEigen(a, 8);
      spectrum.forEach((value, k) => expect(Math.abs(values[k]! - value)).toBeLessThan(1e-15 * 64));
    });

    it('errs by the precision of float32 if told so', () => {
      const a = gram(12, 30);
      const [double, single] = [symmetricEigen(a, 12).values, symmetricEigen(a, 12, 'single').values];
      const errors = double.map((value, k) => Math.abs(value - single[k]!) / double[0]!);
      // As above, with 2⁻²³; and not as good as float64.
      expect(Math.max(...errors)).toBeLessThan(64 * 12 * 2 ** -23);
      expect(Math.max(...errors)).toBeGreaterThan(2 ** -26);
    });

    it('counts only the symmetric part', () => {
      expect([...symmetricEigen([2, 2, 0, 2], 2).values]).toEqual([...symmetricEigen([2, 1, 1, 2], 2).values]);
    });
  });
});
