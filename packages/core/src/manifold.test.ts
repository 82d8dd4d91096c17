import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  flatten,
  identity,
  seededMatrix,
  times,
  toMatrix,
  transpose,
} from '@covpool/testing';
import { describe, expect, it } from 'vitest';
import { orthonormal, SeededInitializer } from './initializers.ts';
import { checkRetraction, orthonormalColumns, type Retraction } from './manifold.ts';
import { withSeed } from './training-scope.ts';

describe('orthonormalColumns', () => {
  it('is Q of the QR decomposition with a positive diagonal of R', async () => {
    const a = seededMatrix(7, 4, 'qr');
    const q = toMatrix(orthonormalColumns(flatten(a), 7, 4), 4);
    await expectClose(flatten(times(transpose(q), q)), flatten(identity(4)), { relative: 1e-14 });
    const r = times(transpose(q), a);
    r.forEach((row, i) => {
      expect(row[i]).toBeGreaterThan(0);
      for (let j = 0; j < i; j++) expect(Math.abs(row[j]!)).toBeLessThan(1e-14);
    });
    await expectClose(flatten(times(q, r)), flatten(a), { relative: 1e-14 });
  });

  it('stays orthonormal where the columns nearly agree', async () => {
    const a = [1, 1, 1, 1e-8, 0, 0, 0, 1e-8, 0, 0, 0, 1e-8];
    const q = toMatrix(orthonormalColumns(a, 4, 3), 3);
    await expectClose(flatten(times(transpose(q), q)), flatten(identity(3)), { relative: 1e-14 });
  });
});

describeEngines('orthonormal', () => {
  it('starts a weight with orthonormal columns that depend on seed and name', async () => {
    const drawn = async (seed: number, name = 'w'): Promise<number[]> =>
      withSeed(seed, async () => [...(await new SeededInitializer(name, orthonormal).apply([6, 3]).data())]);
    const w = toMatrix(await drawn(1), 3);
    await expectClose(flatten(times(transpose(w), w)), flatten(identity(3)), { relative: 1e-6 });
    expect(await drawn(1)).toEqual(flatten(w));
    expect(await drawn(2)).not.toEqual(flatten(w));
    expect(await drawn(1, 'v')).not.toEqual(flatten(w));
  });
});

describe('checkRetraction', () => {
  it('lists those that exist', () =>
    expectCovpoolError(
      () => checkRetraction('bimap', 'exp' as Retraction),
      'bad-argument',
      /^bimap: .*qr, polar, cayley, got 'exp'/,
    ));
});
