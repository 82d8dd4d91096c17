import { CovpoolError } from '@covpool/base';
import { seededTensor as drawn, seededValues } from './seeded-tensor.ts';
import { tensor, zeros } from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeEngines, enginesUnderTest } from './describe-engines.ts';
import { expectClose } from './expect-close.ts';
import { expectCovpoolError } from './expect-covpool-error.ts';
import { expectNoLeak } from './expect-no-leak.ts';
import { diagonal, eigen, fromTriu, identity, spectral, times, transpose, triu } from './matrix.ts';
import { numericGradient } from './numeric-gradient.ts';
import { seededGram, seededMatrix } from './seeded-matrix.ts';
import { covarianceOracle, newtonSchulzOracle, symmetrise } from './pooling-oracles.ts';

describe('enginesUnderTest', () => {
  it('reads a list, and rejects what is no engine', () => {
    expect(enginesUnderTest('wasm, cpu')).toEqual(['wasm', 'cpu']);
    expect(() => enginesUnderTest('cpu,gpu')).toThrow(/unknown engine 'gpu'; known: .*wasm/);
  });
});

const ran: string[] = [];
describeEngines('a suite of the host', { host: true }, (engine) => {
  it('runs where there is host memory', () => {
    ran.push(engine);
    expect(['webgpu', 'webgl']).not.toContain(engine);
  });
});

describe('describeEngines', () => {
  it('ran it on each of them', () => {
    expect(ran).toEqual(enginesUnderTest().filter((engine) => !['webgpu', 'webgl'].includes(engine)));
  });
});

describeEngines('helpers', () => {
  it('expectClose refuses NaN, infinity, another length and what is too far, relative to the largest', async () => {
    await expectClose(tensor([1000, 0.001]), [1000, 0], { relative: 1e-5 });
    for (const values of [[Number.NaN, 0], [Infinity, 0], [1000], [1000, 1]]) {
      await expect(expectClose(values, [1000, 0], { relative: 1e-5 })).rejects.toThrow(/differs by|to be/);
    }
    await expect(expectClose([1 + 1e-7], [1], { relative: 0 })).rejects.toThrow(/differs by/);
  });

  it('expectNoLeak notices one tensor', async () => {
    await expect(expectNoLeak(() => zeros([1]))).rejects.toThrow(/to be/);
    await expectNoLeak(async () => zeros([1]).dispose());
  });

  it('expectCovpoolError notices another code, another class and none at all', async () => {
    const fails = (run: () => unknown) => expect(expectCovpoolError(run, 'io', /disk/)).rejects.toThrow(/expected/);
    await expectCovpoolError(() => Promise.reject(new CovpoolError('io', 'write: the disk is full')), 'io', /disk/);
    await fails(() => {
      throw new CovpoolError('bad-input', 'write: the disk is full');
    });
    await fails(() => Promise.reject(new Error('disk')));
    await fails(() => 0);
  });

  it('seeded tensors depend on the key alone', async () => {
    expect([...(await drawn([2, 3], 'a', 1).data())]).toEqual(seededValues(6, 'a', 1));
    expect(seededValues(6, 'a', 1)).not.toEqual(seededValues(6, 'a', 2));
  });
});

describe('seeded matrices', () => {
  it('depend on the key, and a gram matrix has no more rank than rows', () => {
    expect(seededMatrix(2, 3, 'a')).toEqual(seededMatrix(2, 3, 'a'));
    expect(seededMatrix(2, 3, 'a')).not.toEqual(seededMatrix(2, 3, 'b'));
    const { values } = eigen(seededGram(4, 2, 'rank'));
    expect(values[1]).toBeGreaterThan(1e-3);
    for (const value of values.slice(2)) expect(Math.abs(value)).toBeLessThan(1e-14);
  });

  it('come back from their upper triangles', () => {
    const a = symmetrise(seededMatrix(4, 4, 'triangle'));
    expect(fromTriu(triu(a), 4)).toEqual(a);
  });
});

describe('oracles', () => {
  it('decompose symmetric matrices', async () => {
    const a = symmetrise(seededMatrix(7, 7, 'eigen'));
    const { values, vectors } = eigen(a);
    expect(values).toEqual(values.toSorted((p, q) => q - p));
    await expectClose(times(transpose(vectors), vectors).flat(), identity(7).flat(), { relative: 1e-13 });
    await expectClose(times(times(vectors, diagonal(values)), transpose(vectors)).flat(), a.flat(), {
      relative: 1e-13,
    });
    await expectClose(spectral(a, (value) => value * value).flat(), times(a, a).flat(), { relative: 1e-13 });
  });

  it('differentiate', async () => {
    const f = ([x, y]: number[]) => Math.sin(x!) * y! ** 3;
    await expectClose(numericGradient(f, [1, 2]), [8 * Math.cos(1), 12 * Math.sin(1)], { relative: 1e-8 });
  });

  it('know the covariance of four points, and its root', async () => {
    const r = Math.sqrt(3);
    const sigma = covarianceOracle([
      [r, r],
      [-r, -r],
      [1, -1],
      [-1, 1],
    ]);
    await expectClose(sigma.flat(), [2, 1, 1, 2], { relative: 1e-15 });
    await expectClose(newtonSchulzOracle(sigma, 3).flat(), [1.35367396, 0.37837433, 0.37837433, 1.35367396], {
      relative: 5e-9,
    });
    const root = spectral(sigma, Math.sqrt).flat();
    await expectClose(newtonSchulzOracle(sigma, 12, 'frobenius').flat(), root, { relative: 1e-14 });
  });
});
