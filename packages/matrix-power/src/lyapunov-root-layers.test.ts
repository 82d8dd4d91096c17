import { normalization, normalizations, pooling } from '@covpool/core';
import { covarianceMatrix, triu } from '@covpool/covariance/layers';
import {
  describeEngines,
  expectClose,
  expectCovpoolError,
  expectTrainsAndReloads,
  seededTensor,
} from '@covpool/testing';
import type { Tensor } from '@tensorflow/tfjs-core';
import { sequential } from '@tensorflow/tfjs-layers';
import { describe, expect, it } from 'vitest';
import { mpaInverseRoot, mpaPooling, mpaRoot, mtpPooling, mtpRoot } from './lyapunov-root-layers.ts';

const fused = { mpa: mpaPooling, mtp: mtpPooling };
const parts = { mpa: mpaRoot, mtp: mtpRoot };

describeEngines('layers with the Lyapunov gradient', () => {
  describe('values', () => {
    it.each([
      ['mpa', 2, 2],
      ['mpa', 3, 4],
      ['mtp', 2, 2],
      ['mtp', 3, 4],
    ] as const)(
      '%s: covariance, root and triangle are the fused pooling, %i×%i positions, 5 channels',
      async (name, h, w) => {
        const x = seededTensor([2, h, w, 5], 'parts');
        const row = sequential({ layers: [covarianceMatrix({ inputShape: [h, w, 5] }), parts[name](), triu()] });
        const descriptor = fused[name]().apply(x) as Tensor;
        expect(descriptor.shape).toEqual([2, 15]);
        await expectClose(descriptor, await (row.predict(x) as Tensor).data());
      },
    );

    it('count only roots among the square roots', () => {
      expect(['mpa', 'mtp', 'mpa-inverse'].map((name) => normalizations.get(name).squareRoot)).toEqual([
        true,
        true,
        false,
      ]);
    });
  });

  describe('properties', () => {
    it.each(['mpa', 'mtp'])('%s trains, saves and reloads', (name) =>
      expectTrainsAndReloads(
        () => [pooling(name, { dim: 6, iterations: 4, name: 'pool', inputShape: [3, 3, 8] })],
        [3, 3, 8],
      ),
    );

    it.each(['mpa', 'mtp', 'mpa-inverse'])('%s trains, saves and reloads in parts', (name) =>
      expectTrainsAndReloads(
        () => [covarianceMatrix({ inputShape: [9, 4] }), normalization(name, { iterations: 10 }), triu()],
        [9, 4],
      ),
    );

    it('hold their number of iterations', () => {
      expect(mpaPooling().getConfig().iterations).toBe(8);
      expect(mpaInverseRoot({ iterations: 14 }).getConfig().iterations).toBe(14);
    });
  });

  describe('rejects', () => {
    it('impossible options, by the name of the layer', async () => {
      await expectCovpoolError(() => mpaPooling({ name: 'head', iterations: 0 }), 'bad-argument', /^head: .*got 0/);
      await expectCovpoolError(() => mtpRoot({ name: 'root', iterations: 1.5 }), 'bad-argument', /^root: .*got 1\.5/);
      await expectCovpoolError(() => pooling('mtp', { degree: 3 }), 'bad-argument', /'degree'; it has: .*iterations/);
    });
  });
});
