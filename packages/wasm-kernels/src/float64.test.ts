import './against-cpu.fixture.ts';
import { flatten, seededMatrix, seededValues, times, toMatrix, transpose } from '@covpool/testing';
import { setBackend } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BinaryKind } from './binary-kind.ts';
import { type BatchJob, runJob } from './batch-job.ts';
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
        const x = seededMatrix(rank, d, 'x', rank, d);
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

  it('gives functions of covariances, and their gradients, whatever the sides', () => {
    fc.assert(
      fc.property(side, fc.integer({ min: 0, max: 9 }), fc.boolean(), (m, more, centering) => {
        const d = m + more;
        const routines = float64Routines(wasmPrimitives());
        const x = Float32Array.from(seededValues(m * d, 'x', m, d));
        const rows = toMatrix(Array.from(x), d);
        const mean = rows[0]!.map((_, j) => (centering ? rows.reduce((sum, row) => sum + row[j]!, 0) / m : 0));
        const centred = rows.map((row) => row.map((value, j) => value - mean[j]!));
        const covariance = flatten(times(transpose(centred), centred)).map((value) => value / m);
        const largest = Math.max(...covariance, Number.MIN_VALUE);

        // The function f(λ) = λ, of which L is 1 everywhere, gives back the covariance and the gradient (2/M) X̄ sym(G).
        const { result, vectors } = routines.rowFunction({ x, m, d, centering }, (values) => {
          const rank = values.findIndex((value) => value <= 1e-12 * values[0]!);
          const kept = values.subarray(0, rank < 0 ? m : rank);
          return { rank: kept.length, weights: kept, kernel: 0 };
        });
        covariance.forEach((value, at) => expect(Math.abs(result[at]! - value)).toBeLessThanOrEqual(1e-6 * largest));

        const dy = Float32Array.from(seededValues(d * d, 'dy', d));
        const found = routines.rowFunctionGradient({ x, m, d, centering }, vectors, dy, (h) => ({
          s: h,
          across: new Float64Array(vectors[0]!.length / d).fill(1),
          shift: 0,
        }));
        const g = toMatrix(Array.from(dy), d);
        const symmetric = g.map((row, i) => row.map((value, j) => (value + g[j]![i]!) / 2));
        const expected = flatten(times(centred, symmetric)).map((value) => (2 / m) * value);
        expected.forEach((value, at) => expect(Math.abs(found[at]! - value)).toBeLessThan(1e-5));
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it.each([true, false])('gives each picture of a batch what it gives it alone, in groups or not: %s', (grouped) => {
    const [count, m, d] = [3, 5, 9];
    const { routines: module, memory, scratch } = wasmPrimitives();
    const job = (one: BatchJob): void => {
      for (let b = 0; b < one.count; b++) runJob(module, one, 0, b, 1);
    };
    const routines = float64Routines({ routines: module, memory, scratch, ...(grouped ? { job } : {}) });
    const x = Float32Array.from(seededValues(count * m * d, 'x'));
    const dy = Float32Array.from(seededValues(count * d * d, 'dy'));
    const ranks = [4, 2, 3];
    const run = (from: number, pictures: number) => {
      const rows = { x: x.subarray(from * m * d, (from + pictures) * m * d), m, d, centering: true };
      const { result, vectors } = routines.rowFunction(rows, (values, b) => {
        const rank = ranks[from + b]!;
        return { rank, weights: values.subarray(0, rank).map(Math.sqrt), kernel: b === 0 ? 0 : from + b };
      });
      const g = dy.subarray(from * d * d, (from + pictures) * d * d);
      const dx = routines.rowFunctionGradient(rows, vectors, g, (h, b) => ({ s: h, shift: from + b }));
      return { result: Array.from(result), dx: Array.from(dx), ranks: vectors.map(({ length }) => length / d) };
    };
    const { result, dx, ranks: found } = run(0, count);
    expect(found).toEqual(ranks);
    const alone = run(0, 1);
    expect(result.slice(0, d * d)).toEqual(alone.result);
    expect(dx.slice(0, m * d)).toEqual(alone.dx);
    expect(dx.slice(m * d, 2 * m * d)).toEqual(run(1, 1).dx);
  });
});
