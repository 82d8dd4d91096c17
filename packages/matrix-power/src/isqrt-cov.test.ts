import {
  covarianceOracle,
  describeEngines,
  expectClose,
  expectNoLeak,
  flatten,
  newtonSchulzOracle,
  numericGradient,
  scale,
  seededTensor,
  seededValues,
  times,
  tolerance,
  toMatrix,
  transpose,
} from '@covpool/testing';
import {
  add,
  fill,
  grad,
  grads,
  memory,
  mul,
  sum,
  type Tensor,
  tensor,
  type Tensor3D,
  zeros,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { isqrtCov } from './isqrt-cov.ts';
import { newtonSchulzSqrt } from './newton-schulz-sqrt.ts';
import { publishedCovariance, publishedRoot } from './published-form.fixture.ts';

/** [positions, channels]: both sides of the choice, and its edge. */
const shapes: [number, number][] = [
  [5, 9],
  [9, 5],
  [6, 6],
  [1, 3],
];

describeEngines('isqrtCov', () => {
  describe('values', () => {
    it.each(shapes)('is the Newton–Schulz root of the covariance, %i positions, %i channels', async (m, d) => {
      for (const norm of ['trace', 'frobenius'] as const) {
        for (const iterations of [1, 2, 3, 5, 7]) {
          const x = seededTensor([2, m, d], 'isqrt', m, d);
          const expected: number[] = [];
          const values = await x.data();
          for (let b = 0; b < 2; b++) {
            const sigma = covarianceOracle(toMatrix(values.slice(b * m * d, (b + 1) * m * d), d));
            const empty = m === 1;
            expected.push(...(empty ? flatten(sigma) : flatten(newtonSchulzOracle(sigma, iterations, norm))));
          }
          await expectClose(isqrtCov(x, { iterations, norm }), expected);
        }
      }
    });

    it.each(shapes)('without centring is the root of the second moment, %i positions, %i channels', async (m, d) => {
      const x = seededTensor([1, m, d], 'uncentred', m, d);
      const rows = toMatrix(await x.data(), d);
      const second = scale(times(transpose(rows), rows), 1 / m);
      for (const norm of ['trace', 'frobenius'] as const) {
        await expectClose(isqrtCov(x, { norm, centering: false }), flatten(newtonSchulzOracle(second, 5, norm)));
      }
    });

    it('takes feature maps as rows', async () => {
      const x = seededTensor([2, 2, 3, 4], 'map');
      const rows = tensor([...(await x.data())], [2, 6, 4]);
      await expectClose(isqrtCov(x), await isqrtCov(rows).data(), { relative: 0 });
    });
  });

  describe('properties', () => {
    it('has the same values and gradients on both sides', async () => {
      // Rows twice over have the same covariance: 12 rows of 9 channels take the other side than 6.
      const half = seededValues(6 * 9, 'sides');
      const [few, many] = [tensor(half, [1, 6, 9]), tensor([...half, ...half], [1, 12, 9])];
      const weights = seededTensor([1, 9, 9], 'weights');
      const loss = (x: Tensor) => sum(mul(isqrtCov(x), weights));
      await expectClose(isqrtCov(few), await isqrtCov(many).data());
      const [a, b] = [await grad(loss)(few).data(), await grad(loss)(many).data()];
      await expectClose(
        a,
        [...b.slice(0, 54)].map((value, i) => value + b[54 + i]!),
      );
    });

    it('is homogeneous of degree 1 in the features', async () => {
      const x = seededTensor([1, 5, 7], 'scale');
      const doubled = isqrtCov(mul(x, 2));
      await expectClose(
        doubled,
        [...(await isqrtCov(x).data())].map((value) => 2 * value),
      );
    });

    it('does not depend on the order of the positions nor on a constant added to all of them', async () => {
      const rows = Array.from({ length: 5 }, (_, i) => seededValues(7, 'order', i));
      const turned = [...rows.slice(2), ...rows.slice(0, 2)].map((row) => row.map((value, j) => value + j));
      await expectClose(
        isqrtCov(tensor(turned.flat(), [1, 5, 7])),
        await isqrtCov(tensor(rows.flat(), [1, 5, 7])).data(),
        {
          // The constants, up to 6, cost three bits of the features.
          relative: 8 * tolerance(),
        },
      );
    });

    it('is symmetric', async () => {
      const values = toMatrix(await isqrtCov(seededTensor([1, 4, 6], 'symmetric')).data(), 6);
      await expectClose(
        values.flat(),
        values[0]!.flatMap((_, j) => values.map((row) => row[j]!)),
      );
    });
  });

  describe('gradient', () => {
    it.each(shapes.slice(0, 3))('is the derivative of the formula, %i positions, %i channels', async (m, d) => {
      for (const norm of ['trace', 'frobenius'] as const) {
        for (const iterations of [1, 2, 3, 5]) {
          const x = seededTensor([1, m, d], 'gradient', m, d);
          const weights = seededTensor([1, d, d], 'gradient weights', d);
          const w = await weights.data();
          const loss = (values: number[]) =>
            flatten(newtonSchulzOracle(covarianceOracle(toMatrix(values, d)), iterations, norm)).reduce(
              (total, value, i) => total + value * w[i]!,
              0,
            );
          const gradient = grad((features: Tensor) => sum(mul(isqrtCov(features, { iterations, norm }), weights)))(x);
          await expectClose(gradient, numericGradient(loss, await x.data()), { relative: 2 * tolerance() });
        }
      }
    });

    it.each(shapes.slice(0, 3))('is that of the published form, %i positions, %i channels', async (m, d) => {
      const [x, weights] = [seededTensor([2, m, d], 'published', m), seededTensor([2, d, d], 'published weights')];
      for (const norm of ['trace', 'frobenius'] as const) {
        const published = (features: Tensor) =>
          sum(mul(publishedRoot(publishedCovariance(features as Tensor3D), 5, norm), weights));
        const ours = grad((features: Tensor) => sum(mul(isqrtCov(features, { norm }), weights)))(x);
        await expectClose(ours, await grad(published)(x).data(), { relative: 2 * tolerance() });
      }
    });

    it.each(shapes)('without centring is that of the second moment, %i positions, %i channels', async (m, d) => {
      const [x, weights] = [seededTensor([1, m, d], 'uncentred', m), seededTensor([1, d, d], 'uncentred weights', d)];
      const w = await weights.data();
      const loss = (values: number[]) => {
        const rows = toMatrix(values, d);
        const root = newtonSchulzOracle(scale(times(transpose(rows), rows), 1 / m), 3);
        return flatten(root).reduce((total, value, i) => total + value * w[i]!, 0);
      };
      const ours = grad((f: Tensor) => sum(mul(isqrtCov(f, { iterations: 3, centering: false }), weights)))(x);
      await expectClose(ours, numericGradient(loss, await x.data()), { relative: 2 * tolerance() });
    });

    it.each(shapes)('is the same bit for bit with the iterates computed again, %i×%i', async (m, d) => {
      const [x, weights] = [seededTensor([2, m, d], 'again'), seededTensor([2, d, d], 'again weights')];
      for (const centering of [true, false]) {
        const by = (recompute: boolean) => {
          const root = (features: Tensor) => isqrtCov(features, { centering, recompute });
          return [root(x).data(), grad((features: Tensor) => sum(mul(root(features), weights)))(x).data()];
        };
        expect(await Promise.all(by(true))).toEqual(await Promise.all(by(false)));
      }
    });

    it.each(shapes)('does not depend on what is computed in between, %i×%i', async (m, d) => {
      const [a, b] = [seededTensor([2, m, d], 'first'), seededTensor([2, m, d], 'second')];
      const weights = seededTensor([2, d, d], 'between weights');
      const loss = (x: Tensor) => sum(mul(isqrtCov(x), weights));
      const together = grads((p: Tensor, q: Tensor) => add(loss(p), loss(q)))([a, b]);
      const alone = [a, b].map((x) => grad(loss)(x));
      for (const i of [0, 1]) expect(await together[i]!.data()).toEqual(await alone[i]!.data());
      const late = grad((p: Tensor) => {
        const value = loss(p);
        isqrtCov(b).dispose();
        return add(value, mul(loss(b), 0));
      })(a);
      expect(await late.data()).toEqual(await alone[0]!.data());
    });

    it('of a batch treats every picture by itself', async () => {
      const both = seededTensor([2, 4, 6], 'batch');
      const second = tensor([...(await both.data()).slice(24)], [1, 4, 6]);
      const loss = (x: Tensor) => sum(mul(isqrtCov(x), tensor(seededValues(36, 'w'), [1, 6, 6])));
      await expectClose((await grad(loss)(both).data()).slice(24), await grad(loss)(second).data());
    });

    it('is zero, and the output too, for a constant picture', async () => {
      for (const [m, d] of shapes) {
        const x = fill([1, m, d], 3);
        await expectClose(isqrtCov(x), new Array<number>(d * d).fill(0), { relative: 0 });
        await expectClose(grad((features: Tensor) => sum(isqrtCov(features)))(x), new Array<number>(m * d).fill(0), {
          relative: 0,
        });
      }
    });
  });

  describe('rejects', () => {
    it('what it cannot compute, in one line', () => {
      expect(() => isqrtCov(zeros([2, 5]))).toThrow('isqrtCov: features must be [B,M,d] or [B,H,W,d]');
      expect(() => isqrtCov(zeros([1, 2, 2]), { iterations: 0 })).toThrow(
        'iterations must be a whole number from 1, got 0',
      );
      expect(() => isqrtCov(zeros([1, 2, 2]), { norm: 'l2' as 'trace' })).toThrow("'trace' or 'frobenius', got 'l2'");
      expect(() => newtonSchulzSqrt(zeros([1, 2, 3]))).toThrow(
        'newtonSchulzSqrt: matrices must be [B,d,d], got [1,2,3]',
      );
    });
  });

  describe('memory', () => {
    it('holds nothing but the features for the gradient if told to, on the side of the rows', () => {
      const x = seededTensor([1, 16, 40], 'held');
      const values = (recompute: boolean): number => {
        let held = 0;
        grad((features: Tensor) => {
          const before = memory().numBytes;
          const root = isqrtCov(features, { recompute });
          held = (memory().numBytes - before) / 4 - root.size;
          return sum(root);
        })(x).dispose();
        return held;
      };
      // At most 3N matrices of 16×16 and the centred features, beside t and the features themselves.
      expect(values(false)).toBeLessThanOrEqual(15 * 256 + 2 * 640 + 4);
      expect(values(true)).toBe(16 * 40);
    });

    it('keeps nothing but what it returns', async () => {
      for (const [m, d] of [shapes[0]!, shapes[1]!]) {
        const x = seededTensor([2, m, d], 'memory');
        await expectNoLeak(() => isqrtCov(x).dispose());
        for (const recompute of [false, true]) {
          await expectNoLeak(() => grad((features: Tensor) => sum(isqrtCov(features, { recompute })))(x).dispose());
        }
      }
    });
  });
});
