import './against-cpu.fixture.ts';
import { flatten, seededMatrix, seededValues, times, toMatrix, transpose } from '@covpool/testing';
import { setBackend, Tensor, tensor3d, type TensorInfo } from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BinaryKind } from './binary-kind.ts';
import { type BatchJob, runJob } from './batch-job.ts';
import { float64Routines, type Float64Routines, wasmFloat64Routines } from './float64.ts';
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
        const { timesTransposed } = routinesOf();
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
        const { symmetricEigen } = routinesOf();
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
        const { x, dy, centred, symmetric } = picture(m, d, centering);
        const covariance = flatten(times(transpose(centred), centred)).map((value) => value / m);
        const largest = Math.max(...covariance, Number.MIN_VALUE);

        // The function f(λ) = λ, of which L is 1 everywhere, gives back the covariance and the gradient (2/M) X̄ sym(G).
        const [result, state] = routinesOf().rowFunction(x, centering, (values) => {
          const rank = values.findIndex((value) => value <= 1e-12 * values[0]!);
          const kept = values.slice(0, rank < 0 ? m : rank);
          return { rank: kept.length, weights: kept, kernel: 0, kept };
        });
        const found = valuesOf(result);
        covariance.forEach((value, at) => expect(Math.abs(found[at]! - value)).toBeLessThanOrEqual(1e-6 * largest));

        const dx = routinesOf().rowFunctionGradient({ dy, x, state }, centering, ({ rank, h, s }) => {
          s.set(h);
          return { across: new Float64Array(rank).fill(1), shift: 0 };
        });
        const expected = flatten(times(centred, symmetric)).map((value) => (2 / m) * value);
        const gradient = valuesOf(dx);
        expected.forEach((value, at) => expect(Math.abs(gradient[at]! - value)).toBeLessThan(1e-5));
        free(x, dy, result, state, dx);
      }),
      { seed: 3, numRuns: 60 },
    );
  });

  it('composes the gradient of any slopes, also with eigenvalues left out', () => {
    fc.assert(
      fc.property(side, fc.integer({ min: 1, max: 9 }), side, fc.boolean(), (m, more, least, isAcross) => {
        const d = m + more;
        const { x, dy, centred, symmetric } = picture(m, d, false);
        const { values, vectors } = routinesOf().symmetricEigen(
          Float64Array.from(flatten(times(centred, transpose(centred))), (value) => value / (4 * d)),
          m,
        );
        const order = [...values.keys()].sort((i, j) => values[j]! - values[i]!);
        const rank = Math.min(least, m);
        const chosen = order.slice(0, rank);
        const u = chosen.map((k) => {
          const [turned] = times([Array.from(vectors.subarray(k * m, (k + 1) * m))], centred);
          return turned!.map((value) => value / Math.sqrt(4 * d * values[k]!));
        });
        const weight = (i: number, j: number): number => Math.cos(i + j + (i + 1) * (j + 1));
        const across = Float64Array.from({ length: rank }, (_, i) => weight(i, m));

        const [result, state] = routinesOf().rowFunction(x, false, () => {
          const weights = new Float64Array(rank).fill(1);
          return { rank, weights, kernel: 0.5, kept: Float64Array.of(rank, 7) };
        });
        const projector = flatten(times(transpose(u), u));
        const found = valuesOf(result);
        for (let at = 0; at < d * d; at++) {
          const value = projector[at]! / 2 + (at % (d + 1) === 0 ? 0.5 : 0);
          expect(Math.abs(found[at]! - value)).toBeLessThan(1e-6);
        }

        const dx = routinesOf().rowFunctionGradient({ dy, x, state }, false, ({ rank: told, kept, h, s, trace }) => {
          expect([told, ...kept.subarray(0, 2)]).toEqual([rank, rank, 7]);
          expect(trace).toBeCloseTo(
            symmetric.reduce((sum, row, i) => sum + row[i]!, 0),
            10,
          );
          // Signs of eigenvectors are free: H may only enter entry by entry.
          for (let i = 0; i < rank; i++)
            for (let j = 0; j < rank; j++) s[i * rank + j] = weight(i, j) * h[i * rank + j]!;
          return { shift: 0.25, ...(isAcross ? { across } : {}) };
        });
        const p = times(u, symmetric);
        const h = times(p, transpose(u));
        const hu = times(h, u);
        const rest = p.map((row, i) => row.map((value, j) => (isAcross ? across[i]! * (value - hu[i]![j]!) : 0)));
        const su = times(
          h.map((row, i) => row.map((value, j) => weight(i, j) * value)),
          u,
        );
        const n = su.map((row, i) => row.map((value, j) => value + rest[i]![j]!));
        const [un, ru] = [times(transpose(u), n), times(transpose(rest), u)];
        const da = symmetric.map((row, i) => row.map((_, j) => un[i]![j]! + ru[i]![j]! + (i === j ? 0.25 : 0)));
        const gradient = valuesOf(dx);
        const expected = flatten(times(centred, da)).map((value) => (2 / m) * value);
        const limit = 1e-6 * Math.max(...expected.map(Math.abs), 1);
        expected.forEach((value, at) => expect(Math.abs(gradient[at]! - value)).toBeLessThan(limit));
        free(x, dy, result, state, dx);
      }),
      { seed: 4, numRuns: 100 },
    );
  });

  it.each([true, false])('gives each picture of a batch what it gives it alone, in groups or not: %s', (grouped) => {
    const [count, m, d] = [3, 5, 9];
    const { routines: module, memory, scratch, address, output } = wasmPrimitives();
    const areas: number[] = [];
    const job = (one: BatchJob): void => {
      const area = wasmPrimitives().output([one.scratch / 4], 'float32');
      areas.push(one.scratch);
      for (let b = 0; b < one.count; b++) runJob(module, one, address(area), b, 1);
      free(area);
    };
    const routines: Float64Routines = float64Routines({
      ...{ routines: module, memory, scratch, read: address },
      room(shape, dtype) {
        const tensor = output(shape, dtype);
        return { address: address(tensor), tensor: () => tensor };
      },
      ...(grouped ? { job } : {}),
    });
    const xs = seededValues(count * m * d, 'x');
    const dys = seededValues(count * d * d, 'dy');
    const ranks = [4, 2, 3];
    const run = (from: number, pictures: number) => {
      const x = tensor3d(xs.slice(from * m * d, (from + pictures) * m * d), [pictures, m, d]);
      const dy = tensor3d(dys.slice(from * d * d, (from + pictures) * d * d), [pictures, d, d]);
      let next = from;
      const [result, state] = routines.rowFunction(x, true, (values) => {
        const b = next++;
        const rank = ranks[b]!;
        const weights = values.slice(0, rank).map(Math.sqrt);
        return { rank, weights, kernel: b, kept: Float64Array.of(b) };
      });
      const found: number[] = [];
      const dx = routines.rowFunctionGradient({ dy, x, state }, true, ({ rank, kept, h, s }) => {
        found.push(rank);
        s.set(h);
        return { shift: kept[0]! };
      });
      const outcome = { result: Array.from(valuesOf(result)), dx: Array.from(valuesOf(dx)), ranks: found };
      free(x, dy, result, state, dx);
      return outcome;
    };
    const { result, dx, ranks: found } = run(0, count);
    expect(found).toEqual(ranks);
    const alone = run(0, 1);
    expect(result.slice(0, d * d)).toEqual(alone.result);
    expect(dx.slice(0, m * d)).toEqual(alone.dx);
    expect(dx.slice(m * d, 2 * m * d)).toEqual(run(1, 1).dx);
    expect(areas.length > 0).toBe(grouped);
  });
});

const routinesOf = (): Float64Routines => wasmFloat64Routines(wasmPrimitives());

const valuesOf = ({ dataId }: TensorInfo): Float32Array => wasmPrimitives().backend.readSync(dataId) as Float32Array;

function free(...tensors: TensorInfo[]): void {
  for (const tensor of tensors) {
    if (tensor instanceof Tensor) tensor.dispose();
    else wasmPrimitives().backend.disposeData(tensor.dataId);
  }
}

/** Features [1,m,d] and what their function's gradient comes from: as tensors, and as X̄ and sym(G). */
function picture(m: number, d: number, centering: boolean) {
  const rows = toMatrix(seededValues(m * d, 'x', m, d).map(Math.fround), d);
  const g = toMatrix(seededValues(d * d, 'dy', d).map(Math.fround), d);
  const mean = rows[0]!.map((_, j) => (centering ? rows.reduce((sum, row) => sum + row[j]!, 0) / m : 0));
  return {
    x: tensor3d([rows]),
    dy: tensor3d([g]),
    centred: rows.map((row) => row.map((value, j) => value - mean[j]!)),
    symmetric: g.map((row, i) => row.map((value, j) => (value + g[j]![i]!) / 2)),
  };
}
