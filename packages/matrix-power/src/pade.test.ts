import { expectCovpoolError } from '@covpool/testing';
import { describe, expect, it } from 'vitest';
import { pade, sqrtSeries } from './pade.ts';
import { over, plus, type Rational, rational, times, toNumber } from './rational.ts';

const fractions = (values: Rational[]): string[] =>
  values.map(({ numerator, denominator }) => (denominator === 1n ? `${numerator}` : `${numerator}/${denominator}`));

/** The Taylor coefficients of P/Q. */
const quotientSeries = (p: Rational[], q: Rational[], length: number): Rational[] => {
  const series: Rational[] = [];
  for (let k = 0; k < length; k++) {
    let value = p[k] ?? rational(0);
    for (let j = 1; j <= k && j < q.length; j++) {
      value = plus(value, times(rational(-1), times(q[j]!, series[k - j]!)));
    }
    series.push(over(value, q[0]!));
  }
  return series;
};

describe('sqrtSeries', () => {
  it('holds the Taylor coefficients of √(1−z) (spec 5.10)', () => {
    expect(fractions(sqrtSeries(11))).toEqual(
      '1 -1/2 -1/8 -1/16 -5/128 -7/256 -21/1024 -33/2048 -429/32768 -715/65536 -2431/262144'.split(' '),
    );
  });
});

describe('pade', () => {
  describe('values', () => {
    it('gives √(1−z) the published [5/5] (spec 5.10)', () => {
      const { p, q } = pade(sqrtSeries(11), 5, 5);
      expect(fractions(p)).toEqual('1 -11/4 11/4 -77/64 55/256 -11/1024'.split(' '));
      expect(fractions(q)).toEqual('1 -9/4 7/4 -35/64 15/256 -1/1024'.split(' '));
      expect(p.map(toNumber)).toEqual([1, -2.75, 2.75, -1.203125, 0.21484375, -0.0107421875]);
      expect(q.map(toNumber)).toEqual([1, -2.25, 1.75, -0.546875, 0.05859375, -0.0009765625]);
    });

    it('gives exp its own', () => {
      const { p, q } = pade([rational(1), rational(1), rational(1, 2), rational(1, 6), rational(1, 24)], 2, 2);
      expect(fractions(p)).toEqual(['1', '1/2', '1/12']);
      expect(fractions(q)).toEqual(['1', '-1/2', '1/12']);
    });

    it('exchanges rows where a pivot is zero', () => {
      // 1 + z² + z³ …: the first equation of [1/2] has no q₁.
      const { p, q } = pade([rational(1), rational(0), rational(1), rational(1)], 1, 2);
      expect(fractions(quotientSeries(p, q, 4))).toEqual(['1', '0', '1', '1']);
    });
  });

  describe('properties', () => {
    it.each([
      [0, 3],
      [3, 0],
      [2, 5],
      [7, 7],
    ])('agrees with the series through order m+n, [%i/%i]', (m, n) => {
      const series = sqrtSeries(m + n + 1);
      const { p, q } = pade(series, m, n);
      expect([p.length, q.length]).toEqual([m + 1, n + 1]);
      expect(quotientSeries(p, q, m + n + 1)).toEqual(series);
    });
  });

  describe('rejects', () => {
    it('1/(1−z), whose [n/n] is degenerate from n = 2 (spec 5.4)', async () => {
      const ones = Array.from({ length: 101 }, () => rational(1));
      expect(fractions(pade(ones, 0, 1).q)).toEqual(['1', '-1']);
      for (const n of [2, 5, 50]) {
        await expectCovpoolError(() => pade(ones, n, n), 'bad-argument', /\[\d+\/\d+\] is degenerate/);
      }
    });

    it('too short a series, impossible degrees and a zero denominator', async () => {
      await expectCovpoolError(() => pade(sqrtSeries(10), 5, 5), 'bad-argument', /takes 11 .* got 10/);
      await expectCovpoolError(() => pade(sqrtSeries(3), -1, 1), 'bad-argument', /degrees/);
      await expectCovpoolError(() => rational(1, 0), 'bad-argument', /denominator/);
    });
  });
});
