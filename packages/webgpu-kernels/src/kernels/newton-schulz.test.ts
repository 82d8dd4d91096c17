import {
  batchOf,
  covarianceOracle,
  expectClose,
  expectNoLeak,
  flatten,
  type Matrix,
  newtonSchulzOracle,
  plus,
  scale,
  seededMatrix,
  seededTensor,
  symmetrise,
  times,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeForms, run } from '../on-webgpu.fixture.ts';

type Norm = 'trace' | 'frobenius';

const norms = ['trace', 'frobenius'] as const;
const matrix = (rows: number, columns: number, ...key: (string | number)[]): Matrix =>
  seededMatrix(rows, columns, rows, columns, ...key);
const covariances = (count: number, d: number): Matrix[] =>
  Array.from({ length: count }, (_, b) => covarianceOracle(matrix(2 * d, d, 'x', b)));

const forward = (name: string, inputs: { a: Tensor } | { x: Tensor }, attributes: object): Tensor[] =>
  run(name, inputs, { norm: 'trace', centering: true, recompute: false, ...attributes });

function gradient(name: string, dy: Tensor, inputs: { a: Tensor } | { x: Tensor }, attributes: object): Tensor {
  const settled = { norm: 'trace', centering: true, recompute: false, ...attributes };
  const [, ...kept] = run(name, inputs, settled);
  return run(
    `${name}Gradient`,
    { dy, ...inputs, ...Object.fromEntries(kept.map((t, i) => [`kept${i}`, t])) },
    settled,
  )[0]!;
}

/** Derivatives of `⟨W, f(at)⟩` in seeded directions, by central differences in float64. */
function slopes(f: (at: Matrix) => Matrix, w: Matrix, at: Matrix, directions: Matrix[]): number[] {
  const weights = flatten(w);
  const loss = (m: Matrix): number => flatten(f(m)).reduce((sum, value, i) => sum + value * weights[i]!, 0);
  return directions.map((v) => (loss(plus(at, scale(v, 1e-4))) - loss(plus(at, scale(v, -1e-4)))) / 2e-4);
}

const along = (g: ArrayLike<number>, directions: Matrix[]): number[] =>
  directions.map((v) => flatten(v).reduce((sum, value, i) => sum + value * g[i]!, 0));

/** Every entry of a small matrix by itself; of a large one a few directions that have a part of each. */
const directionsFor = (rows: number, columns: number, symmetric: boolean): Matrix[] =>
  Array.from({ length: rows * columns > 100 ? 3 : rows * columns }, (_, n) => {
    const v =
      rows * columns > 100
        ? scale(matrix(rows, columns, 'direction', n), 1 / Math.sqrt(rows * columns))
        : toMatrix(
            Array.from({ length: rows * columns }, (_unused, i) => (i === n ? 1 : 0)),
            columns,
          );
    return symmetric ? symmetrise(v) : v;
  });

describeForms('Newton–Schulz in WGSL', () => {
  // One small tile, one large tile (both a dispatch in all), more than one tile.
  const sides = [5, 40, 70];

  describe('values', () => {
    it.each(sides)('of matrices of side %i', async (d) => {
      const a = covariances(2, d);
      for (const norm of norms) {
        for (const iterations of d > 64 ? [1, 3] : [1, 2, 5]) {
          const [root] = forward('NewtonSchulz', { a: batchOf(...a) }, { iterations, norm });
          await expectClose(
            root!,
            a.flatMap((m) => flatten(newtonSchulzOracle(m, iterations, norm))),
          );
        }
      }
    });

    it.each([
      [4, 7],
      [35, 40],
      [66, 70],
    ])('of %i rows of %i channels', async (positions, channels) => {
      const x = [matrix(positions, channels, 'rows', 0), matrix(positions, channels, 'rows', 1)];
      for (const iterations of [1, 3]) {
        for (const centering of [true, false]) {
          const sigmas = x.map((m) => (centering ? covarianceOracle(m) : scale(times(transpose(m), m), 1 / positions)));
          for (const norm of norms) {
            const [root] = forward('NewtonSchulzOfRows', { x: batchOf(...x) }, { iterations, norm, centering });
            await expectClose(
              root!,
              sigmas.flatMap((m) => flatten(newtonSchulzOracle(m, iterations, norm))),
            );
          }
        }
      }
    });
  });

  describe('properties', () => {
    it('is symmetric bit for bit', async () => {
      for (const d of [40, 70]) {
        const values = await forward(
          'NewtonSchulz',
          { a: batchOf(...covariances(1, d)) },
          { iterations: 3 },
        )[0]!.data();
        for (let i = 0; i < d; i++) for (let j = 0; j < i; j++) expect(values[i * d + j]).toBe(values[j * d + i]);
      }
    });

    it('stays at the root when it has converged, of low rank too', async () => {
      const a = covarianceOracle(matrix(6, 12, 'low rank'));
      const [root] = forward('NewtonSchulz', { a: batchOf(a) }, { iterations: 14 });
      // Rounding in the directions of the kernel grows by 1.5 a step, to 1.5¹⁴·2⁻²³ = 3.5e-5; there are a few of them a step.
      await expectClose(root!, flatten(newtonSchulzOracle(a, 14)), { relative: 2e-4 });
    });

    it('of the zero matrix is zero, without gradient (floor 1e-12)', async () => {
      const [a, dy] = [zeros([1, 3, 3]), seededTensor([1, 3, 3], 'G')];
      for (const norm of norms) {
        for (const recompute of [false, true]) {
          const attributes = { iterations: 5, norm, recompute };
          const nothing = new Float32Array(9);
          await expectClose(forward('NewtonSchulz', { a }, attributes)[0]!, nothing, { relative: 0 });
          await expectClose(gradient('NewtonSchulz', dy, { a }, attributes), nothing, { relative: 0 });
        }
      }
    });
  });

  describe('gradient', () => {
    // Twice what the table of tolerances says of webgpu: a slope sums as many products as the matrix has entries.
    const limit = { relative: 1e-4 };

    it.each(sides)('of matrices of side %i', async (d) => {
      const [a] = covariances(1, d);
      const w = matrix(d, d, 'W');
      const directions = directionsFor(d, d, true);
      for (const norm of norms) {
        for (const iterations of d > 64 ? [3] : [1, 3]) {
          const da = gradient('NewtonSchulz', batchOf(w), { a: batchOf(a!) }, { iterations, norm });
          const expected = slopes((m) => newtonSchulzOracle(m, iterations, norm), w, a!, directions);
          await expectClose(along(await da.data(), directions), expected, limit);
        }
      }
    });

    it.each([
      [4, 7],
      [35, 40],
      [66, 70],
    ])('of %i rows of %i channels', async (positions, channels) => {
      const x = matrix(positions, channels, 'rows');
      const w = matrix(channels, channels, 'W');
      const directions = directionsFor(positions, channels, false);
      const of = (iterations: number, norm: Norm, centering: boolean) => (m: Matrix) =>
        newtonSchulzOracle(
          centering ? covarianceOracle(m) : scale(times(transpose(m), m), 1 / positions),
          iterations,
          norm,
        );
      const cases: [number, Norm, boolean][] = [[3, 'trace', true], [2, 'frobenius', false], [1, 'trace', true]]; // prettier-ignore
      for (const [iterations, norm, centering] of positions > 64 ? cases.slice(0, 1) : cases) {
        const dx = gradient('NewtonSchulzOfRows', batchOf(w), { x: batchOf(x) }, { iterations, norm, centering });
        const expected = slopes(of(iterations, norm, centering), w, x, directions);
        await expectClose(along(await dx.data(), directions), expected, limit);
      }
    });

    it('is the same bit for bit with the iterates computed again', async () => {
      const [dy, x, a] = [seededTensor([2, 6, 6], 'G'), seededTensor([2, 4, 6], 'x'), batchOf(...covariances(2, 6))];
      for (const [name, inputs] of [
        ['NewtonSchulz', { a }],
        ['NewtonSchulzOfRows', { x }],
      ] as const) {
        const by = (recompute: boolean) => gradient(name, dy, inputs, { iterations: 4, recompute }).data();
        expect(await by(true)).toEqual(await by(false));
      }
    });
  });

  describe('memory', () => {
    it('frees what it keeps and what it needs meanwhile', async () => {
      const [dy, x, a] = [seededTensor([2, 6, 6], 'G'), seededTensor([2, 4, 6], 'x'), batchOf(...covariances(2, 6))];
      for (const [name, inputs] of [
        ['NewtonSchulz', { a }],
        ['NewtonSchulzOfRows', { x }],
      ] as const) {
        for (const recompute of [false, true]) {
          await expectNoLeak(async () => {
            const result = tidy(() => gradient(name, dy, inputs, { iterations: 3, recompute }));
            await result.data();
            result.dispose();
          });
        }
      }
    });

    it('keeps the root for the gradient when the caller disposes of it', async () => {
      const [, , , kept] = forward('NewtonSchulz', { a: batchOf(...covariances(1, 3)) }, { iterations: 2 }).map(
        (t, i) => (i === 0 ? (t.dispose(), t) : t),
      );
      expect((await kept!.data()).every((value) => Number.isFinite(value))).toBe(true);
    });
  });
});
