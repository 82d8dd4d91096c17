import './against-cpu.test-support.ts';
import { flatten, seededValues, times, toMatrix, transpose } from '@covpool/testing';
import { setBackend } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BinaryKind } from './binary-kind.ts';
import { float64Routines } from './float64.ts';
import { registerKind, wasmPrimitives } from './register.ts';

const side = fc.integer({ min: 1, max: 13 });

describe.each<BinaryKind>(['relaxed', 'plain'])('float64Routines, %s SIMD', (kind) => {
  beforeAll(async () => {
    await setBackend('wasm');
    await registerKind(kind);
  });

  afterAll(async () => {
    await registerKind('relaxed');
  });

  it('multiplies whatever the sides', () => {
    fc.assert(
      fc.property(side, side, side, (m, n, k) => {
        const { timesTransposed } = float64Routines(wasmPrimitives());
        const [a, b] = [seededValues(m * k, 'a', m, k), seededValues(n * k, 'b', n, k)];
        const expected = flatten(times(toMatrix(a, k), transpose(toMatrix(b, k))));
        const found = timesTransposed(Float64Array.from(a), Float64Array.from(b), m, n, k);
        expect(Math.max(...expected.map((value, at) => Math.abs(found[at]! - value)))).toBeLessThan(1e-13);
      }),
      { seed: 1, numRuns: 100 },
    );
  });

  it('decomposes symmetric matrices of every size and rank', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 24 }), (d, rank) => {
        const { symmetricEigen } = float64Routines(wasmPrimitives());
        const x = toMatrix(seededValues(rank * d, 'x', rank, d), d);
        const gram = Float64Array.from({ length: d * d }, (_, at) =>
          x.reduce((sum, row) => sum + row[Math.floor(at / d)]! * row[at % d]!, 0),
        );
        const largest = Math.max(...gram, Number.MIN_VALUE);
        const a = gram.map((value) => value / largest);
        const { values, vectors } = symmetricEigen(a, d);
        const rows = toMatrix(vectors, d);
        const scaled = rows.map((row, k) => row.map((value) => value * values[k]!));
        const limit = 64 * d * Number.EPSILON; // d products and as many rotations, of entries up to 1
        flatten(times(transpose(rows), scaled)).forEach((value, at) =>
          expect(Math.abs(value - a[at]!)).toBeLessThan(limit),
        );
        flatten(times(rows, transpose(rows))).forEach((value, at) =>
          expect(Math.abs(value - (at % (d + 1) === 0 ? 1 : 0))).toBeLessThan(limit),
        );
      }),
      { seed: 2, numRuns: 100 },
    );
  });
});
