import { checkArgument, CovpoolError } from '@covpool/base';
import { isZero, minus, over, plus, type Rational, rational, times } from './rational.ts';

const zero = rational(0);
const one = rational(1);

/** The first Taylor coefficients of `√(1−z)`: 1, −1/2, −1/8, −1/16, −5/128, … */
export function sqrtSeries(length: number): Rational[] {
  const series = [one];
  while (series.length < length) {
    const k = series.length - 1;
    series.push(times(series[k]!, rational(2 * k - 1, 2 * k + 2)));
  }
  return series.slice(0, length);
}

/**
 * The Padé approximant [m/n] of a power series, `P(z)/Q(z) = Σ c_k z^k + O(z^(m+n+1))` with `Q(0) = 1`, in exact arithmetic.
 *
 * ```ts
 * pade(sqrtSeries(11), 5, 5); // P = 1 − 11/4 z + …, Q = 1 − 9/4 z + …: MPA's square root
 * ```
 * @param series Taylor coefficients c_0 … c_(m+n); more are ignored
 * @returns coefficients of z⁰, z¹, … of numerator and denominator
 * @throws bad-argument where the approximant is degenerate: a rational function of lower degree, such as 1/(1−z), leaves
 *   the denominator undetermined
 */
export function pade(series: readonly Rational[], m: number, n: number): { p: Rational[]; q: Rational[] } {
  checkArgument(
    [m, n].every((degree) => Number.isInteger(degree) && degree >= 0),
    () => `pade: degrees must be whole numbers from 0, got ${m} and ${n}`,
  );
  checkArgument(
    series.length > m + n,
    () => `pade: [${m}/${n}] takes ${m + n + 1} Taylor coefficients, got ${series.length}`,
  );
  const c = (k: number): Rational => (k < 0 ? zero : series[k]!);
  // The coefficients of z^(m+1) … z^(m+n) of Q·series vanish.
  const equations = Array.from({ length: n }, (_, i) => [
    ...Array.from({ length: n }, (_, j) => c(m + i - j)),
    minus(zero, c(m + i + 1)),
  ]);
  const q = [one, ...solve(equations, `pade: [${m}/${n}]`)];
  const p = Array.from({ length: m + 1 }, (_, k) =>
    q.slice(0, k + 1).reduce((sum, value, j) => plus(sum, times(value, c(k - j))), zero),
  );
  return { p, q };
}

/** Gauss–Jordan elimination of n equations with their right sides in the last column. */
function solve(equations: Rational[][], who: string): Rational[] {
  const n = equations.length;
  for (let k = 0; k < n; k++) {
    const found = equations.findIndex((row, i) => i >= k && !isZero(row[k]!));
    if (found < 0) {
      throw new CovpoolError(
        'bad-argument',
        `${who} is degenerate for this series, which is a rational function of lower degree; take a lower degree`,
      );
    }
    [equations[k], equations[found]] = [equations[found]!, equations[k]!];
    const pivot = equations[k]!.map((value) => over(value, equations[k]![k]!));
    equations[k] = pivot;
    equations.forEach((row, i) => {
      if (i !== k) equations[i] = row.map((value, j) => minus(value, times(row[k]!, pivot[j]!)));
    });
  }
  return equations.map((row) => row[n]!);
}
