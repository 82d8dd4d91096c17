import { describeEngines, expectClose, expectCovpoolError, expectNoLeak, seededValues } from '@covpool/testing';
import fc from 'fast-check';
import {
  cast,
  fill,
  grad,
  mul,
  oneHot,
  type Scalar,
  sum,
  type Tensor,
  tensor2d,
  type Tensor2D,
  zeros,
} from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { adaptiveDropRate } from './adaptive-drop-rate.ts';

/** The formula in float64; rows of d values. */
function oracle(importance: number[][], correlation: number[][], maxRate: number): number {
  const dot = (p: number[], q: number[]) => p.reduce((total, value, i) => total + value * q[i]!, 0);
  const cosines = importance.map((w, b) => {
    const pi = correlation[b]!;
    return dot(w, pi) / (Math.sqrt(dot(w, w) * dot(pi, pi)) + 1e-12);
  });
  const mean = cosines.reduce((total, value) => total + value, 0) / cosines.length;
  return Math.min(Math.max(1 - (10 / Math.log2(importance[0]!.length)) * mean, 0), maxRate);
}

const uniform = (d: number) => fill([1, d], 1 / d) as Tensor2D;
// Cast: the released wasm backend writes integers where a oneHot of floats is asked for.
const firstOf = (d: number) => cast(oneHot([0], d), 'float32') as Tensor2D;

/** The rate where the one image's cosine is c. */
function rateAt(d: number, c: number): Scalar {
  const values = new Array<number>(d).fill(0);
  values[0] = c;
  values[1] = Math.sqrt(1 - c * c);
  return adaptiveDropRate(firstOf(d), tensor2d(values, [1, d]));
}

describeEngines('adaptiveDropRate', () => {
  describe('values', () => {
    it('is 0.921875 where one of 256 channels carries all correlation, 0 where all carry the same (spec 6.9)', async () => {
      await expectClose(adaptiveDropRate(uniform(256), firstOf(256)), [0.921875]);
      await expectClose(adaptiveDropRate(uniform(256), uniform(256)), [0], { relative: 0 });
    });

    it.each([
      [64, 1.6667, 0.6],
      [128, 1.4286, 0.7],
      [256, 1.25, 0.8],
      [512, 1.1111, 0.9],
      [1024, 1, 1],
    ])(
      'at %i channels falls by %d for each unit of the cosine and reaches 0 at %d (spec 6.2)',
      async (d, slope, zero) => {
        await expectClose(rateAt(d, zero), [0], { absolute: 1e-6 });
        await expectClose(rateAt(d, zero - 0.1), [slope * 0.1], { absolute: 5e-6 }); // slopes are given to 4 decimals
      },
    );

    it('at 2048 channels never reaches 0: 0.909 at cosine 1 leaves 0.091 (spec 6.2)', async () => {
      await expectClose(rateAt(2048, 1), [1 - 0.909], { absolute: 1e-4 }); // three decimals are given
    });

    it('has the constant 10 replaced by the scale', async () => {
      await expectClose(adaptiveDropRate(uniform(256), firstOf(256), { scale: 8 }), [1 - 8 / 8 / 16]);
      await expectClose(adaptiveDropRate(uniform(256), uniform(256), { scale: 6 }), [1 - 6 / 8]);
    });

    it('averages the cosine over the batch, not the vectors', async () => {
      const importance = [seededValues(16, 'w0'), seededValues(16, 'w1')].map((row) => row.map(Math.abs));
      const correlation = [importance[0]!.map((v) => 100 * v), seededValues(16, 'pi').map((v) => v + 0.2)];
      const rate = adaptiveDropRate(tensor2d(importance), tensor2d(correlation), { maxRate: 1 });
      const expected = oracle(importance, correlation, 1);
      expect(expected).toBeGreaterThan(-1);
      await expectClose(rate, [expected]);
    });

    it('clamps a negative cosine to maxRate, 0.95 or what is asked; to 1 in the preset reference (spec 6.2)', async () => {
      const opposite = mul(firstOf(16), -1) as Tensor2D;
      await expectClose(adaptiveDropRate(firstOf(16), opposite), [Math.fround(0.95)], { relative: 0 });
      await expectClose(adaptiveDropRate(firstOf(16), opposite, { preset: 'reference' }), [1], { relative: 0 });
    });

    it('takes a correlation of zero for cosine 0, not NaN (spec 6.2)', async () => {
      await expectClose(adaptiveDropRate(uniform(16), zeros([1, 16]), { maxRate: 1 }), [1], { relative: 0 });
    });
  });

  describe('properties', () => {
    it('is the formula, within 0 and maxRate, whatever the vectors are and however long (spec 6.9)', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 4 }),
          fc.integer({ min: 2, max: 40 }),
          fc.integer(),
          fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
          fc.double({ min: 0, max: 1, noNaN: true }),
          async (batch, d, key, length, maxRate) => {
            const rows = (what: string, factor: number) =>
              Array.from({ length: batch }, (_, b) => seededValues(d, what, key, b).map((v) => Math.abs(v) * factor));
            const [importance, correlation] = [rows('w', 1), rows('pi', length)];
            const rate = adaptiveDropRate(tensor2d(importance), tensor2d(correlation), { maxRate });
            const [value] = await rate.data();
            expect(value).toBeGreaterThanOrEqual(0);
            expect(value).toBeLessThanOrEqual(Math.fround(maxRate));
            // The cosine, at most 1, errs by a few 2⁻²⁴·√d; the factor is 10 at d = 2.
            await expectClose([value!], [oracle(importance, correlation, maxRate)], { absolute: 2e-5 });
          },
        ),
        { seed: 3, numRuns: 40 },
      );
    });
  });

  describe('gradient', () => {
    it('is none: the rate is a constant to what uses it (spec 6.2)', async () => {
      const w = firstOf(16);
      const values = new Array<number>(16).fill(0);
      [values[0], values[1]] = [0.2, Math.sqrt(0.96)];
      const correlation = tensor2d(values, [1, 16]);
      const [rate] = await adaptiveDropRate(w, correlation).data();
      await expectClose([rate!], [0.5]); // well inside the clamp, whose own gradient would be zero
      const loss = (x: Tensor) => sum(mul(x, adaptiveDropRate(x as Tensor2D, correlation)));
      await expectClose(grad(loss)(w), new Array<number>(16).fill(rate!), { relative: 0 });
    });
  });

  describe('rejects', () => {
    it('vectors that do not belong together and rates that are none', async () => {
      await expectCovpoolError(
        () => adaptiveDropRate(zeros([1, 4]), zeros([1, 5])),
        'bad-argument',
        /must both be \[B,d\].*got \[1,4\] and \[1,5\]/,
      );
      await expectCovpoolError(
        () => adaptiveDropRate(zeros([3, 1]), zeros([3, 1])),
        'bad-argument',
        /d at least 2, got \[3,1\]/,
      );
      for (const maxRate of [-0.1, 1.5, Number.NaN]) {
        await expectCovpoolError(
          () => adaptiveDropRate(uniform(4), uniform(4), { maxRate }),
          'bad-argument',
          /maxRate must lie between 0 and 1, got/,
        );
      }
      await expectCovpoolError(
        () => adaptiveDropRate(uniform(4), uniform(4), { scale: -1 }),
        'bad-argument',
        /scale must be a number from 0, got -1/,
      );
      await expectCovpoolError(
        () => adaptiveDropRate(uniform(4), uniform(4), { preset: 'published' as 'paper' }),
        'bad-argument',
        /adaptiveDropRate: unknown preset 'published'; known: paper, reference/,
      );
    });
  });

  describe('memory', () => {
    it('keeps nothing but what it returns', async () => {
      const [w, pi] = [uniform(16), firstOf(16)];
      await expectNoLeak(() => adaptiveDropRate(w, pi).dispose());
      await expectNoLeak(() => grad((x: Tensor) => sum(mul(x, adaptiveDropRate(x as Tensor2D, pi))))(w).dispose());
    });
  });
});
