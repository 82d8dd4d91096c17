import {
  alongTriu,
  batchOf,
  conjugate,
  diagonal,
  eigen,
  expectClose,
  expectCovpoolError,
  expectNoLeak,
  flatten,
  fromTriu,
  identity,
  type Matrix,
  numericGradient,
  seededMatrix,
  seededTensor,
  seededValues,
  signedEigen,
  symmetrise,
  times,
  toMatrix,
  transpose,
  triu,
} from '@covpool/testing';
import { tensor, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeForms, run } from '../on-webgpu.fixture.ts';

const symmetric = (d: number, ...key: (string | number)[]): Matrix => symmetrise(seededMatrix(d, d, ...key));

async function eigh(a: Matrix[]) {
  const d = a[0]!.length;
  const [values, vectors, state] = run('Eigh', { a: batchOf(...a) });
  const [lambda, u] = [await values!.data(), await vectors!.data()];
  const of = (b: number) => ({
    values: [...lambda.slice(b * d, (b + 1) * d)],
    vectors: toMatrix(u.slice(b * d * d, (b + 1) * d * d), d),
  });
  return { state: state!, spectra: a.map((_, b) => of(b)) };
}

describeForms('eigendecomposition in WGSL', () => {
  const examples: [string, Matrix[]][] = [
    ['of [[2,1],[1,2]]', [[[2, 1], [1, 2]]]], // prettier-ignore
    ['of a single number', [[[-3]]]],
    ['of an odd side', [symmetric(5, 'a'), symmetric(5, 'b')]],
    [
      'of diagonal, repeated and zero eigenvalues',
      [identity(6), diagonal([1, 1, 0, 0, -2, 5]), diagonal([0, 0, 0, 0, 0, 0])],
    ],
    ['of a low rank', [times([[1], [2], [3], [4]], [[1, 2, 3, 4]])]],
    ['of 37 rows', [symmetric(37, 'large')]],
    ['of huge and tiny matrices', [1e15, 1e-15].map((s) => symmetric(4, 's').map((row) => row.map((x) => x * s)))],
  ];

  describe('values', () => {
    it.each(examples)('%s', async (_name, matrices) => {
      const { spectra } = await eigh(matrices);
      for (const [b, a] of matrices.entries()) {
        const { values, vectors } = spectra[b]!;
        const expected = eigen(a).values;
        // The error is one of the norm, not of each eigenvalue.
        const absolute = 1e-6 * Math.max(...expected.map(Math.abs));
        await expectClose(values, expected, { relative: 0, absolute });
        const rebuilt = conjugate(diagonal(values), vectors);
        await expectClose(flatten(rebuilt), flatten(a), { relative: 2e-6, absolute: 0 });
        await expectClose(flatten(times(transpose(vectors), vectors)), flatten(identity(a.length)), { relative: 2e-6 });
      }
    });
  });

  describe('properties', () => {
    it('values descend, the largest entry of each vector is positive', async () => {
      const { spectra } = await eigh([symmetric(9, 'x'), symmetric(9, 'y')]);
      for (const { values, vectors } of spectra) {
        expect(values).toEqual([...values].sort((p, q) => q - p));
        for (const column of transpose(vectors)) expect(Math.max(...column)).toBe(Math.max(...column.map(Math.abs)));
      }
    });

    it('only the symmetric part counts', async () => {
      const a = symmetric(4, 'part');
      const other = a.map((row, i) => row.map((value, j) => value + (i < j ? 1 : i > j ? -1 : 0)));
      const [first, second] = (await eigh([a, other])).spectra;
      await expectClose(second!.values, first!.values);
    });
  });

  describe('gradient', () => {
    const gradient = (dvalues: Tensor, dvectors: Tensor, state: Tensor) =>
      run('EighGradient', { dvalues, dvectors, state })[0]!;

    it('is the derivative along symmetric directions where eigenvalues are distinct', async () => {
      const d = 4;
      const a = symmetric(d, 'gradient');
      const [wValues, wVectors] = [seededValues(d, 'values'), seededValues(d * d, 'vectors')];
      const loss = (upper: number[]): number => {
        const { values, vectors } = signedEigen(fromTriu(upper, d));
        return (
          values.reduce((total, value, i) => total + value * wValues[i]!, 0) +
          flatten(vectors).reduce((total, value, i) => total + value * wVectors[i]!, 0)
        );
      };
      const { state } = await eigh([a]);
      const da = await gradient(tensor([wValues]), tensor(wVectors, [1, d, d]), state).data();
      await expectClose(alongTriu(toMatrix(da, d)), numericGradient(loss, triu(a)));
    });

    it('is finite where eigenvalues repeat', async () => {
      const { state } = await eigh([identity(3)]);
      const da = await gradient(zeros([1, 3]), seededTensor([1, 3, 3], 'G'), state).data();
      expect([...da].every(Number.isFinite)).toBe(true);
    });
  });

  describe('rejects', () => {
    it('sides beyond its memory', () =>
      expectCovpoolError(() => run('Eigh', { a: zeros([1, 1025, 1025]) }), 'unsupported', /up to 1024 .* got 1025/));
  });

  describe('memory', () => {
    it('keeps nothing but its results', async () => {
      const a = batchOf(symmetric(3, 'x'));
      await expectNoLeak(() => run('Eigh', { a }).forEach((t) => t.dispose()));
    });
  });
});
