import { checkArgument } from '@covpool/base';

/** A fraction in lowest terms with a positive denominator. */
export interface Rational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** The fraction `numerator / denominator` in lowest terms. */
export function rational(numerator: bigint | number, denominator: bigint | number = 1n): Rational {
  const [n, d] = [BigInt(numerator), BigInt(denominator)];
  checkArgument(d !== 0n, () => `rational: the denominator must not be zero, got ${n}/0`);
  const divisor = greatestCommonDivisor(n, d) * (d < 0n ? -1n : 1n);
  return { numerator: n / divisor, denominator: d / divisor };
}

export const plus = (p: Rational, q: Rational): Rational =>
  rational(p.numerator * q.denominator + q.numerator * p.denominator, p.denominator * q.denominator);

export const times = (p: Rational, q: Rational): Rational =>
  rational(p.numerator * q.numerator, p.denominator * q.denominator);

export const over = (p: Rational, q: Rational): Rational =>
  rational(p.numerator * q.denominator, p.denominator * q.numerator);

export const minus = (p: Rational, q: Rational): Rational => plus(p, times(q, rational(-1)));

export const isZero = (p: Rational): boolean => p.numerator === 0n;

/** The float64 value: correctly rounded where numerator and denominator are below 2^53. */
export const toNumber = (p: Rational): number => Number(p.numerator) / Number(p.denominator);

function greatestCommonDivisor(p: bigint, q: bigint): bigint {
  let [a, b] = [p < 0n ? -p : p, q < 0n ? -q : q];
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}
